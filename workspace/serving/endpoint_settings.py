"""Settings that change without a new deployment: tags, AI gateway, rate limits, notifications, telemetry.

All but telemetry can change while an update runs. Source: REST reference of each operation.
"""

from typing import Final

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import Conflict, InvalidParameter
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.serving import requests
from model_serving.workspace.serving.endpoints import require_endpoint, save
from model_serving.workspace.serving.telemetry import apply_telemetry, require_support
from model_serving.workspace.serving.validation import check_tags
from model_serving.workspace.serving.views import detailed
from model_serving.workspace.store.database import Json

GATEWAY: Final = ("fallback_config", "guardrails", "inference_table_config", "rate_limits", "usage_tracking_config")
LIMIT_KEYS: Final = frozenset({"endpoint", "user", "user_group", "service_principal"})
PII_BEHAVIORS: Final = frozenset({None, "NONE", "BLOCK", "MASK"})


@accepts(requests.PatchTags)
def patch_tags(call: Call) -> Json:
    """Returns an object with `tags`; clients cannot parse a bare array."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    added, deleted = call.body.get("add_tags") or [], call.body.get("delete_tags") or []
    check_tags(added)
    tags = {tag["key"]: tag for tag in endpoint["tags"] if tag["key"] not in deleted}
    tags |= {tag["key"]: tag for tag in added}
    save(call, endpoint | {"tags": list(tags.values())})
    return {"tags": list(tags.values())}


@accepts(requests.Gateway)
def put_gateway(call: Call) -> Json:
    """An empty gateway removes it: reads then have no `ai_gateway`. Source: the Databricks CLI's test server."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    gateway = {member: call.body[member] for member in GATEWAY if call.body.get(member) is not None}
    _check_limits(gateway.get("rate_limits") or [])
    for side in ("input", "output"):
        pii = (((gateway.get("guardrails") or {}).get(side) or {}).get("pii") or {}).get("behavior")
        if pii not in PII_BEHAVIORS:
            raise InvalidParameter(f"Invalid pii behavior '{pii}'. Supported values: NONE, BLOCK, MASK.")
    save(call, endpoint | {"ai_gateway": gateway or None})
    return gateway


@accepts(requests.RateLimits)
def put_rate_limits(call: Call) -> Json:
    """Deprecated. Reads never return these limits."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    limits = call.body.get("rate_limits") or []
    _check_limits(limits)
    save(call, endpoint | {"rate_limits": limits})
    return {"rate_limits": limits}


@accepts(requests.PatchNotifications)
def patch_notifications(call: Call) -> Json:
    """The only way to set them: a create ignores them. Source: the Databricks CLI's recordings, 2026."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    notifications = call.body.get("email_notifications") or {}
    save(call, endpoint | {"email_notifications": notifications})
    return {"email_notifications": notifications, "name": endpoint["name"]}


@accepts(requests.PatchTelemetry)
def patch_telemetry(call: Call) -> Json:
    """Returns the endpoint; its telemetry has the profile's id and no table names, as in a read."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    if endpoint["config_update"] == "IN_PROGRESS":
        raise Conflict(
            f"Endpoint {endpoint['name']} is currently updating. Wait for the update to complete before updating its"
            " telemetry configuration."
        )
    require_support((endpoint["config"] or {}).get("served_entities", []))
    telemetry = apply_telemetry(endpoint["telemetry_config"], call.body.get("telemetry_config"))
    return detailed(call, save(call, endpoint | {"telemetry_config": telemetry}))


def _check_limits(limits: list[Json]) -> None:
    for limit in limits:
        if limit.get("renewal_period") != "minute":
            raise InvalidParameter("renewal_period of a rate limit must be 'minute'.")
        if limit.get("key", "endpoint") not in LIMIT_KEYS:
            raise InvalidParameter(f"Invalid key of a rate limit: '{limit.get('key')}'.")
