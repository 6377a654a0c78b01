"""A serving endpoint with its served entities, traffic and permissions as one component."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.access import PermissionArgs, access_controls
from components.arguments import model_serving
from components.guards import unentangled, watched
from components.resources import ModelServing, Permissions
from stacks.rules import endpoint_findings
from stacks.spec import Endpoint
from stacks.yaml_places import dotted


@dataclass(frozen=True)
class ServingEndpointArgs:
    """What an endpoint is to be.

    `spec` is the vocabulary of a stack file (`stacks.Endpoint`), less its permissions, which name principals of that
    file; here they are `permissions`, and may be outputs of other resources. `tags` are added to those of the spec,
    which win. `host` is the workspace's URL, for the address of an endpoint that is not route optimized.
    """

    spec: Endpoint
    name: str
    permissions: Sequence[PermissionArgs] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    host: pulumi.Input[str] | None = None


class ServingEndpoint(pulumi.ComponentResource):
    """A serving endpoint and who may do what with it.

    Children: `<name>` (the endpoint) and, where permissions are declared, `<name>-permissions`. Raises ValueError for
    a spec whose fields contradict each other.
    """

    endpoint_id: pulumi.Output[str]
    """The endpoint's id, 32 hexadecimal digits: the key of its permissions and of authorization details."""

    endpoint_name: pulumi.Output[str]

    url: pulumi.Output[str]
    """Where requests are sent. A route-optimized endpoint has a URL of its own, which takes OAuth tokens only."""

    route_optimized: pulumi.Output[bool]

    def __init__(self, name: str, args: ServingEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-serving:index:ServingEndpoint", name, None, opts)
        _refuse_contradictions(name, args.spec)
        inputs = model_serving(args.name, args.spec, dict(args.tags))
        endpoint = ModelServing(
            name,
            inputs,
            pulumi.ResourceOptions(
                parent=self,
                protect=args.spec.protect or None,
                retain_on_delete=args.spec.retain_on_delete,
                hooks=watched(name, inputs, args.spec.replace_id),
            ),
        )
        self.endpoint_id = endpoint.output("servingEndpointId")
        self.endpoint_name = endpoint.output("name")
        self.route_optimized = endpoint.output("routeOptimized").apply(bool)
        self.url = pulumi.Output.all(endpoint.output("endpointUrl"), args.host, args.name).apply(_address)
        if args.permissions:
            Permissions(
                f"{name}-permissions",
                {
                    "servingEndpointId": unentangled(self.endpoint_id),
                    "accessControls": access_controls(args.permissions),
                },
                pulumi.ResourceOptions(parent=self, depends_on=endpoint, deleted_with=endpoint),
            )
        self.register_outputs(
            {
                "endpointId": self.endpoint_id,
                "name": self.endpoint_name,
                "url": self.url,
                "routeOptimized": self.route_optimized,
            }
        )


def _refuse_contradictions(name: str, spec: Endpoint) -> None:
    found = [f"{dotted(path)}: {message}. {hint}" for path, message, hint in endpoint_findings(spec, ())]
    if found:
        raise ValueError("\n".join([f'Serving endpoint "{name}" can\'t be what its arguments say:', *found]))


def _address(parts: list[Any]) -> str:
    endpoint_url, host, name = parts
    return endpoint_url or f"{str(host or '').rstrip('/')}/serving-endpoints/{name}/invocations"
