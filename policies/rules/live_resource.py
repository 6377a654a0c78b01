"""The live endpoint of a resource, for the rules that compare with it."""

from model_serving.policies.live import LiveEndpoint, UnreadableError, live_endpoint
from model_serving.policies.pack.input_values import has_unknown
from model_serving.policies.pack.rule import Resource


def live_resource(resource: Resource) -> LiveEndpoint | None:
    """The live endpoint; None if there is none, or if it can't be read, which route-optimized-create-only reports."""
    name = resource.inputs.get("name")
    if not isinstance(name, str) or has_unknown(dict(resource.provider)):
        return None
    try:
        return live_endpoint(name, resource.provider, is_preview=resource.is_preview)
    except UnreadableError:
        return None
