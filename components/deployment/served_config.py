"""Compare an endpoint's declared config and tags with those that the workspace serves. Nothing is read or sent.

Declared values are inputs of `databricks.ModelServing`, served ones the answer to GET of the endpoint. Defaults of the
service are no difference if the provider reports none at a refresh either.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, get_origin

from model_serving.databricks.naming import api_form, api_name
from model_serving.databricks.serving_endpoints import traffic_shares
from model_serving.spec.introspection import bare, provider_path
from model_serving.spec.vocabulary.stack import ServedEntity

_FILLED_IN: Final = frozenset({"workload_size", "workload_type"})
"""The service chooses these if an entity declares none."""


def _is_number_or_word(kind: Any) -> bool:
    """Whether a type of the vocabulary is a number, a flag or one of a list of words: text may be secret."""
    return kind in (int, float, bool) or get_origin(kind) is Literal


_FIELDS: Final = {
    api_name(provider_path(field)[-1]): bare(field.annotation)
    for field in ServedEntity.model_fields.values()
    if not field.exclude
}
"""The type of each field that a component sends of a served entity, by its name in the API. A read returns them all."""

_SHOWN: Final = frozenset(
    {"entity_name", "entity_version", *(name for name, kind in _FIELDS.items() if _is_number_or_word(kind))}
)
"""Fields whose values cannot be secrets; of the others only the name is printed."""


def config_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The body of PUT config that makes the endpoint serve these inputs."""
    config = inputs.get("config") or {}
    body = {
        "served_entities": [_entity(each) for each in config.get("servedEntities") or []],
        "traffic_config": api_form(config.get("trafficConfig")),
        "auto_capture_config": api_form(config.get("autoCaptureConfig")),
    }
    return {member: value for member, value in body.items() if value}


def tags_by_key(tags: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    """The values of tags by key. The provider and the API write tags in the same way."""
    return {str(tag["key"]): str(tag.get("value") or "") for tag in tags or []}


def config_differences(body: Mapping[str, Any], served: Mapping[str, Any] | None) -> list[str]:
    """A phrase for each part of a PUT config's body that is not served. `served` is `config` of GET, None at first."""
    declared = {entity.get("name"): entity for entity in body.get("served_entities") or []}
    live = {entity.get("name"): entity for entity in (served or {}).get("served_entities") or []}
    differences = [f'"{name}" is not served' for name in declared if name not in live]
    differences += [f'"{name}" is still served' for name in live if name not in declared]
    for name in declared.keys() & live.keys():
        differences += _entity_differences(str(name), declared[name], live[name])
    differences += _traffic_differences(body.get("traffic_config"), (served or {}).get("traffic_config"))
    if not _covers(body.get("auto_capture_config"), (served or {}).get("auto_capture_config")):
        differences.append("auto_capture_config differs")
    return sorted(differences)


def tag_differences(declared: Mapping[str, str], served: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """A phrase for each tag that differs, without values."""
    live = tags_by_key(served)
    differences = [f'tag "{key}" is missing' for key in declared.keys() - live.keys()]
    differences += [f'tag "{key}" is still there' for key in live.keys() - declared.keys()]
    differences += [f'tag "{key}" has another value' for key in declared.keys() & live if declared[key] != live[key]]
    return sorted(differences)


def tags_body(declared: Mapping[str, str], served: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """The body of PATCH tags that leaves these tags and no others."""
    live = tags_by_key(served)
    return {
        "add_tags": [{"key": key, "value": value} for key, value in declared.items() if live.get(key) != value],
        "delete_tags": sorted(live.keys() - declared.keys()),
    }


def _entity_differences(name: str, declared: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[str]:
    for field in _FIELDS:
        desired, served = declared.get(field), live.get(field)
        if not _is_served(field, desired, served):
            values = f" {_text(served)} instead of {_text(desired)}" if field in _SHOWN else " differs"
            yield f'"{name}": {field}{values}'


def _is_served(field: str, declared: Any, served: Any) -> bool:
    if not declared:
        return not served or field in _FILLED_IN
    if field == "workload_type":
        return bool(declared == (served or "CPU"))
    if field == "environment_vars":
        return bool(declared == served)
    return _covers(declared, served)


def _covers(declared: Any, served: Any) -> bool:
    """Whether the declared value is served, perhaps with more in it. The API never returns plaintext credentials."""
    if isinstance(declared, Mapping):
        live = served if isinstance(served, Mapping) else {}
        return all(_covers(value, live.get(name)) for name, value in declared.items() if "_plaintext" not in name)
    if isinstance(declared, list) and isinstance(served, list):
        return len(declared) == len(served) and all(map(_covers, declared, served))
    return not declared or str(declared) == str(served)


def _traffic_differences(declared: Any, served: Any) -> list[str]:
    desired, live = traffic_shares(declared), traffic_shares(served)
    return [f"traffic {_shares(live)} instead of {_shares(desired)}"] if desired and desired != live else []


def _shares(traffic: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in traffic.items()) or "none"


def _entity(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A served entity in the API's form. The names of environment variables are the user's and stay."""
    renamed: dict[str, Any] = api_form({name: value for name, value in inputs.items() if name != "environmentVars"})
    variables = {name: value for name, value in (inputs.get("environmentVars") or {}).items() if name[:2] != "__"}
    return renamed | ({"environment_vars": variables} if variables else {})


def _text(value: Any) -> str:
    return "not set" if value is None else str(value)
