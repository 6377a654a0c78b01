"""An endpoint's fields in the words of a stack file, as inputs of its resources declare them and as an answer has them.

Both come from one form, the API's, through the vocabulary: so they can be compared field by field.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from model_serving.components.deployment.served_config import config_body
from model_serving.databricks.naming import api_form
from model_serving.databricks.serving_endpoints import is_stopped, is_updating, traffic_shares
from model_serving.databricks.special_values import SECRET_SIGNATURE, SIGNATURE_KEY
from model_serving.spec.files.secrets import Secret
from model_serving.spec.live_fields import live_fields
from model_serving.spec.vocabulary.endpoint import BaseEndpoint

Fields = dict[str, Any]

NEVER_RETURNED: Final = ("burst_scaling_enabled", "telemetry_config.table_names")
"""What no read returns. Source: Databricks CLI, bundle/direct/dresources/resources.yml, input_only."""

_LISTED: Final = ("served_entities", "tags", "description", "ai_gateway")
_LISTED_OF_ENTITIES: Final = ("entity", "feature_spec", "version", "external_model")
"""What a listing has. Source: REST reference, list serving endpoints."""

_BUDGET: Final = "budget_policy_id"
_DEFAULT_TYPE: Final = "CPU"


def declared_fields(inputs: Mapping[str, Any], settings: Mapping[str, Any]) -> Fields:
    """The fields that inputs of `databricks.ModelServing` and of EndpointSettings declare; a state's inputs, too."""
    known = _with_secrets({**inputs, **settings})
    plain = {name: value for name, value in known.items() if name != "config"}
    body = {**api_form(plain), "config": config_body(known)}
    found = live_fields(BaseEndpoint, body)
    return {**_normal(found, body["config"]), **_some(found, (_BUDGET,))}


def answered_fields(answer: Mapping[str, Any]) -> Fields:
    """The fields of GET's answer: of the update in progress, or else of what serves."""
    served = answer.get("pending_config") if is_updating(answer) else answer.get("config")
    found = _normal(live_fields(BaseEndpoint, {**answer, "config": served or {}}), served or {})
    if policy := answer.get("effective_budget_policy_id"):
        found[_BUDGET] = policy
    if is_stopped(answer):
        found["stopped"] = True
    return found


def only_listed(fields: Mapping[str, Any]) -> Fields:
    """The fields that a summary in a listing has, too."""
    found = {name: fields[name] for name in _LISTED if name in fields}
    entities = found.get("served_entities") or {}
    return {**found, "served_entities": {name: _some(each, _LISTED_OF_ENTITIES) for name, each in entities.items()}}


def _normal(fields: Fields, config: Mapping[str, Any]) -> Fields:
    """The fields in the one form that has no defaults of the service."""
    found = {name: value for name, value in fields.items() if name not in ("name", _BUDGET)}
    found["traffic"] = traffic_shares(config.get("traffic_config"))
    for entity in (found.get("served_entities") or {}).values():
        if entity.get("workload_type") == _DEFAULT_TYPE:
            del entity["workload_type"]
    gateway = found.get("ai_gateway") or {}
    if limits := gateway.get("rate_limits"):
        gateway["rate_limits"] = sorted(({"key": "endpoint", **each} for each in limits), key=_order_of_limits)
    return found


def _order_of_limits(limit: Mapping[str, Any]) -> tuple[str, ...]:
    """The API keeps no order that means anything."""
    return tuple(str(limit.get(name) or "") for name in ("key", "principal", "calls", "tokens"))


def _some(fields: Mapping[str, Any], names: tuple[str, ...]) -> Fields:
    return {name: fields[name] for name in names if name in fields}


def _with_secrets(value: Any) -> Any:
    """A state's inputs with its encrypted values as Secrets that are not known."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return Secret(str(value.get("ciphertext")), known=False)
        return {name: _with_secrets(each) for name, each in value.items()}
    return [_with_secrets(each) for each in value] if isinstance(value, list) else value


def with_principals(fields: Fields, key_of: Callable[[str], str]) -> Fields:
    """The fields with the keys of service principals in place of their application ids in rate limits."""
    gateway = fields.get("ai_gateway") or {}
    if not gateway.get("rate_limits"):
        return fields
    limits = [
        {**each, "principal": key_of(str(each["principal"]))}
        if each.get("key") == "service_principal" and each.get("principal")
        else each
        for each in gateway["rate_limits"]
    ]
    return {**fields, "ai_gateway": {**gateway, "rate_limits": sorted(limits, key=_order_of_limits)}}
