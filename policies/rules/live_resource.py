"""The live endpoint of a resource and its workspace, for the rules that compare with them.

What can't be read is None here: route-optimized-create-only reports a workspace or an endpoint that can't be read.
"""

from model_serving.policies.live import Endpoints, LiveEndpoint, UnreadableError, live_endpoint, live_workspace
from model_serving.policies.pack.input_values import has_unknown
from model_serving.policies.pack.rule import Resource


def live_resource(resource: Resource) -> LiveEndpoint | None:
    """The live endpoint; None if there is none, or if it can't be read."""
    name = resource.inputs.get("name")
    if not isinstance(name, str) or has_unknown(dict(resource.provider)):
        return None
    try:
        return live_endpoint(name, resource.provider, is_preview=resource.is_preview)
    except UnreadableError:
        return None


def workspace_of(resource: Resource) -> Endpoints | None:
    """The workspace of the resource; None if its provider is unknown until `up`."""
    if has_unknown(dict(resource.provider)):
        return None
    return live_workspace(resource.provider, is_preview=resource.is_preview)
