"""Two workspaces in one program: each has an endpoint, the first also one whose name comes from its provider."""

import os

import pulumi

from model_serving.components.args import (
    AiGatewayArgs,
    OAuthSecretArgs,
    PermissionArgs,
    RateLimitArgs,
    ServedEntityArgs,
    ServicePrincipalArgs,
    ServingEndpointArgs,
)
from model_serving.components.providers import DatabricksProvider
from model_serving.components.service_principal import ServicePrincipal
from model_serving.components.serving_endpoint import ServingEndpoint

for name in ("east", "west"):
    provider = DatabricksProvider(
        name,
        {
            "host": os.environ[f"{name.upper()}_HOST"],
            "token": pulumi.Output.secret(os.environ[f"{name.upper()}_TOKEN"]),
        },
    )
    there = pulumi.ResourceOptions(providers=[provider])
    caller = ServicePrincipal(
        f"{name}-caller", ServicePrincipalArgs(display_name="caller", oauth_secret=OAuthSecretArgs()), there
    )
    endpoint = ServingEndpoint(
        f"{name}-fraud",
        ServingEndpointArgs(
            name="fraud",
            served_entities={"champion": ServedEntityArgs(entity="main.ml.fraud@Champion", workload_size="Small")},
            permissions=[PermissionArgs(service_principal=caller.application_id, level="CAN_QUERY")],
            ai_gateway=AiGatewayArgs(
                rate_limits=[RateLimitArgs(key="service_principal", calls=10, principal=caller.application_id)]
            ),
        ),
        there,
    )
    pulumi.export(name, {"url": endpoint.url, "id": endpoint.endpoint_id, "caller": caller.application_id})
