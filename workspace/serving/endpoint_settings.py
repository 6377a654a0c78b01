"""What can be changed on a serving endpoint without deploying it again: tags, AI gateway, limits, notifications.

None of these is refused while an update runs, except telemetry. Source: REST reference of each operation.
"""

from typing import Final

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import Conflict, InvalidParameter
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.serving import requests
from model_serving.workspace.serving.endpoints import found, keep
from model_serving.workspace.serving.telemetry import applied, require_support
from model_serving.workspace.serving.validation import check_tags
from model_serving.workspace.serving.views import detailed
from model_serving.workspace.store.database import Json

GATEWAY: Final = ("fallback_config", "guardrails", "inference_table_config", "rate_limits", "usage_tracking_config")
LIMIT_KEYS: Final = frozenset({"endpoint", "user", "user_group", "service_principal"})
PII_BEHAVIORS: Final = frozenset({None, "NONE", "BLOCK", "MASK"})


@accepts(requests.PatchTags)
def patch_tags(call: Call) -> Json:
    """Answers with an object; a bare array would break every client."""
    endpoint = found(call, "CAN_MANAGE")
    added, deleted = call.body.get("add_tags") or [], call.body.get("delete_tags") or []
    check_tags(added)
    tags = {tag["key"]: tag for tag in endpoint["tags"] if tag["key"] not in deleted}
    tags |= {tag["key"]: tag for tag in added}
    keep(call, endpoint | {"tags": list(tags.values())})
    return {"tags": list(tags.values())}


@accepts(requests.Gateway)
def put_gateway(call: Call) -> Json:
    """A gateway with nothing in it is none: reads have no `ai_gateway` then. Source: the CLI's test server."""
    endpoint = found(call, "CAN_MANAGE")
    gateway = {member: call.body[member] for member in GATEWAY if call.body.get(member) is not None}
    _check_limits(gateway.get("rate_limits") or [])
    for side in ("input", "output"):
        pii = (((gateway.get("guardrails") or {}).get(side) or {}).get("pii") or {}).get("behavior")
        if pii not in PII_BEHAVIORS:
            raise InvalidParameter(f"Invalid pii behavior '{pii}'. Supported values: NONE, BLOCK, MASK.")
    keep(call, endpoint | {"ai_gateway": gateway or None})
    return gateway


@accepts(requests.RateLimits)
def put_rate_limits(call: Call) -> Json:
    """Deprecated, and never shown by a read."""
    endpoint = found(call, "CAN_MANAGE")
    limits = call.body.get("rate_limits") or []
    _check_limits(limits)
    keep(call, endpoint | {"rate_limits": limits})
    return {"rate_limits": limits}


@accepts(requests.PatchNotifications)
def patch_notifications(call: Call) -> Json:
    """The only way to set them: those of a create are not kept. Source: the Databricks CLI's recordings, 2026."""
    endpoint = found(call, "CAN_MANAGE")
    notifications = call.body.get("email_notifications") or {}
    keep(call, endpoint | {"email_notifications": notifications})
    return {"email_notifications": notifications, "name": endpoint["name"]}


@accepts(requests.PatchTelemetry)
def patch_telemetry(call: Call) -> Json:
    """Answers with the endpoint, telemetry as a read shows it: a profile's id, and no table names."""
    endpoint = found(call, "CAN_MANAGE")
    if endpoint["config_update"] == "IN_PROGRESS":
        raise Conflict(
            f"Endpoint {endpoint['name']} is currently updating. Wait for the update to complete before updating its"
            " telemetry configuration."
        )
    require_support((endpoint["config"] or {}).get("served_entities", []))
    telemetry = applied(endpoint["telemetry_config"], call.body.get("telemetry_config"))
    return detailed(call, keep(call, endpoint | {"telemetry_config": telemetry}))


def _check_limits(limits: list[Json]) -> None:
    for limit in limits:
        if limit.get("renewal_period") != "minute":
            raise InvalidParameter("renewal_period of a rate limit must be 'minute'.")
        if limit.get("key", "endpoint") not in LIMIT_KEYS:
            raise InvalidParameter(f"Invalid key of a rate limit: '{limit.get('key')}'.")
