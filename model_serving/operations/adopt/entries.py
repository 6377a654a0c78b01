"""A live endpoint as the entry of a stack file."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from model_serving.components.deployment.served_config import config_body, config_differences
from model_serving.components.from_spec import endpoint_args
from model_serving.components.inputs import endpoint_inputs
from model_serving.databricks.serving_endpoints import is_stopped
from model_serving.operations.adopt.entry import Destination, Entry, LeftOut, NotAdopted, Reason
from model_serving.operations.adopt.live_access import live_permissions
from model_serving.operations.adopt.reasons import reason_of_credential, reason_of_kind, reason_of_state
from model_serving.spec.field_path import dotted
from model_serving.spec.live_fields import live_fields, unmapped
from model_serving.spec.validation.endpoint_rules import endpoint_problems
from model_serving.spec.validation.messages import explain
from model_serving.spec.vocabulary.stack import BaseEndpoint, Endpoint

SERVICE_OUTPUTS: Final = frozenset(
    {
        *("name", "id", "creator", "creator_display_name", "creator_kind", "creation_timestamp"),
        *("last_updated_timestamp", "state", "permission_level", "resource_credential_strategy", "task"),
        *("endpoint_type", "endpoint_url", "data_plane_info", "pending_config", "budget_policy_id"),
        *("effective_budget_policy_id", "effective_usage_policy_id"),
        *("config.config_version", "config.served_models", "config.start_time"),
        "config.auto_capture_config.state",
        *(
            f"config.served_entities.{member}"
            for member in ("name", "creator", "creation_timestamp", "state", "type", "min_dbus", "max_dbus")
        ),
    }
)
"""What the service adds to the answer for an endpoint. Sources: REST reference, get; captures of the service."""

_REPLACED: Final = {
    "ai_gateway.": "`ai_gateway`",
    "config.": "the served entities",
    "telemetry_config.": "`telemetry_config`",
}
"""What the calls that change it replace as a whole. Source: REST reference, update of each."""

_BUDGET: Final = "effective_budget_policy_id"
_CPU: Final = "CPU"


def entry_of(
    answer: Mapping[str, Any], access: Mapping[str, Any] | None, destination: Destination, key: str | None = None
) -> Entry | NotAdopted:
    """The entry of an endpoint, from GET's answers for it and for its access list, or why it can't have one.

    Without `access` its permissions are not managed. `key` is that of an endpoint that the stack declares already; a
    new one gets its name as its key. An entry is returned only if the components would send what serves now.
    """
    if refusal := reason_of_kind(answer) or reason_of_state(answer) or reason_of_credential(answer):
        return refusal
    name, prefix = str(answer["name"]), destination.spec.name_prefix
    own = name.removeprefix(prefix)
    if not name.startswith(prefix) or not own:
        why = f'its name doesn\'t begin with "{prefix}", the name_prefix of stack {destination.stack}'
        return NotAdopted(name, Reason.NAME, f"{why}. Adopt it into a stack without that prefix")
    key = key or _free_key(own, destination)
    fields = {**({"name": own} if key != own else {}), **_fields(answer, access, destination)}
    found = _validated(fields, key)
    if isinstance(found, str):
        return NotAdopted(name, Reason.INEXPRESSIBLE, f"a stack file can't express it: {found}")
    if differences := _differences(found, answer, destination, key):
        return NotAdopted(name, Reason.INEXPRESSIBLE, f"a stack file can't express it: {'; '.join(differences)}")
    return Entry(
        key=key,
        name=name,
        id=str(answer["id"]),
        fields=fields,
        left_out=tuple(_left_out(answer)),
        aliases=tuple(_aliases(answer, destination)),
        creator=str(answer.get("creator") or ""),
    )


def _free_key(own: str, destination: Destination) -> str:
    """The name as a key, or with a number where the stack has the key for something else."""
    used = {*destination.spec.endpoints, *destination.taken}
    numbered = (f"{own}-{number}" for number in range(2, len(used) + 3))
    return own if own not in used else next(key for key in numbered if key not in used)


def _fields(answer: Mapping[str, Any], access: Mapping[str, Any] | None, destination: Destination) -> dict[str, Any]:
    """The fields in the vocabulary's order."""
    found = {name: value for name, value in live_fields(BaseEndpoint, answer).items() if name != "name"}
    entities = found.get("served_entities") or {}
    found["served_entities"] = {name: _entity(entity, destination) for name, entity in entities.items()}
    if found.get("traffic") == dict.fromkeys(entities, 100):
        del found["traffic"]
    found |= _tags(found.pop("tags", {}), destination)
    for limit in (found.get("ai_gateway") or {}).get("rate_limits") or []:
        limit.setdefault("key", "endpoint")  # the service's default. Source: REST reference, AI gateway
        if limit["key"] == "service_principal" and (principal := limit.get("principal")):
            limit["principal"] = destination.principals.get(str(principal).lower(), principal)
    if access is not None:
        found["permissions"] = live_permissions(access, destination.deployer, destination.principals)
    if is_stopped(answer):
        found["stopped"] = True
    return {name: found[name] for name in Endpoint.model_fields if name in found}


def _entity(entity: dict[str, Any], destination: Destination) -> dict[str, Any]:
    """CPU is the components' default."""
    if entity.get("workload_type") == _CPU:
        entity = {name: value for name, value in entity.items() if name != "workload_type"}
    names = destination.aliases.get((str(entity.get("entity")), str(entity.get("version"))), ())
    if destination.follow_aliases and len(names) == 1:
        del entity["version"]
        entity["entity"] = f"{entity['entity']}@{names[0]}"
    return entity


def _tags(tags: Mapping[str, str], destination: Destination) -> dict[str, Any]:
    """The tags without those of the stack. An endpoint that lacks one of the stack's tags says that it has none."""
    default = destination.spec.default_tags
    if not default.keys() <= tags.keys():
        return {"default_tags": False, **({"tags": dict(tags)} if tags else {})}
    own = {key: value for key, value in tags.items() if default.get(key) != value}
    return {"tags": own} if own else {}


def _validated(fields: Mapping[str, Any], key: str) -> Endpoint | str:
    """The endpoint that the fields declare, or the first problem."""
    try:
        endpoint = Endpoint.model_validate(fields)
    except ValidationError as error:
        details = error.errors(include_url=False)[0]
        place = tuple(part for part in details["loc"] if part != "[key]")
        message, _ = explain(details, ("endpoints", key, *place))
        return f"{dotted(place)}: {message}"
    for path, message, _ in endpoint_problems(endpoint, ()):
        return f"{dotted(path)}: {message}" if path else message
    return endpoint


def _differences(endpoint: Endpoint, answer: Mapping[str, Any], destination: Destination, key: str) -> list[str]:
    """Where the config that the components would send is not what serves."""
    spec = destination.spec.model_copy(update={"endpoints": {key: endpoint}})
    body = config_body(endpoint_inputs(endpoint_args(spec, key)).model_serving)
    return config_differences(_with_versions(body, answer), answer["config"])


def _with_versions(body: dict[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the version of each alias, which was read a moment ago."""
    live = {each["name"]: each for each in answer["config"]["served_entities"]}
    served = [
        {**each, **{name: live[each["name"]].get(name) for name in ("entity_name", "entity_version")}}
        if "@" in str(each.get("entity_name"))
        else each
        for each in body["served_entities"]
    ]
    return {**body, "served_entities": served}


def _left_out(answer: Mapping[str, Any]) -> Iterator[LeftOut]:
    for path in unmapped(BaseEndpoint, answer, SERVICE_OUTPUTS):
        replaced = next((what for start, what in _REPLACED.items() if path.startswith(start)), None)
        ends = f"until the first change of {replaced}, which removes it" if replaced else "as it is"
        yield LeftOut(path, f"no field of a stack file. It stays {ends}")
    if (policy := answer.get(_BUDGET)) and not answer.get("budget_policy_id"):
        why = f"{policy}: a read doesn't say whether it is the endpoint's own budget policy or a default. It stays"
        yield LeftOut("budget_policy_id", why)


def _aliases(answer: Mapping[str, Any], destination: Destination) -> Iterator[str]:
    for entity in answer["config"]["served_entities"]:
        model, version = str(entity.get("entity_name")), str(entity.get("entity_version"))
        for alias in destination.aliases.get((model, version), ()):
            yield f"{model}@{alias} (version {version}, {entity['name']})"
