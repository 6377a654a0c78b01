"""The JSON types of request members: one table for all operations, checked before any rule sees a body.

The service parses requests into typed messages and refuses what doesn't fit before it looks at the meaning. A member
name has the same type wherever it occurs; members that aren't listed may hold anything.
"""

from collections.abc import Callable
from typing import Any, Final

from model_serving.workspace.http.errors import MalformedRequest
from model_serving.workspace.store.database import Json

MEMBERS: Final = {
    "text": "name description entity_name workload_size workload_type comment owner new_name displayName userName"
    " scope key string_value bytes_value permission principal securable_type user_name group_name"
    " service_principal_name permission_level externalId applicationId catalog_name schema_name table_name_prefix"
    " budget_policy_id lifetime served_entity_name served_model_name model_name renewal_period task provider"
    " telemetry_profile_id annotations_table logs_table metrics_table traces_table",
    "a boolean": "route_optimized active burst_scaling_enabled",
    "an object": "config traffic_config auto_capture_config external_model environment_vars ai_gateway guardrails input"
    " output pii email_notifications telemetry_config usage_tracking_config inference_table_config fallback_config"
    " table_names",
    "a list of objects": "served_entities served_models routes tags add_tags rate_limits access_control_list changes"
    " Operations members entitlements roles emails",
    "a list of text": "delete_tags add remove",
}
TYPES: Final = {member: kind for kind, members in MEMBERS.items() for member in members.split()}


def check_types(body: Json) -> None:
    """Raises MalformedRequest for the first member, however deep, whose value has the wrong type; null is absence."""
    for member, value in body.items():
        kind = TYPES.get(member)
        if kind and value is not None and not FITS[kind](value):
            raise MalformedRequest(f"Could not parse request object: '{member}' must be {kind}.")
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                check_types(inner)


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(each, kind) for each in value)


FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "a boolean": lambda value: isinstance(value, bool),
    "an object": lambda value: isinstance(value, dict),
    "a list of objects": _is_list_of(dict),
    "a list of text": _is_list_of(str),
}
