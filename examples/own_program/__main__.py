"""An endpoint and its caller, in a program that has no stack files."""

import pulumi
from components.names import display_name

from model_serving.components.args import (
    AiGatewayArgs,
    OAuthSecretArgs,
    PermissionArgs,
    RateLimitArgs,
    ServedEntityArgs,
    ServicePrincipalArgs,
    ServingEndpointArgs,
)
from model_serving.components.service_principal import ServicePrincipal
from model_serving.components.serving_endpoint import ServingEndpoint

calls = pulumi.Config().get_int("calls") or 100
caller = ServicePrincipal(
    "checkout", ServicePrincipalArgs(display_name=display_name("checkout"), oauth_secret=OAuthSecretArgs())
)
endpoint = ServingEndpoint(
    "fraud",
    ServingEndpointArgs(
        name="fraud",
        served_entities={"champion": ServedEntityArgs(entity="main.ml.fraud@Champion", workload_size="Small")},
        permissions=[PermissionArgs(service_principal=caller.application_id, level="CAN_QUERY")],
        ai_gateway=AiGatewayArgs(rate_limits=[RateLimitArgs(key="endpoint", calls=calls)]),
    ),
)

pulumi.export("url", endpoint.url)
pulumi.export("id", endpoint.endpoint_id)
