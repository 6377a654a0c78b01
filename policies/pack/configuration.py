"""The pack's configuration: its mistakes, and its JSON schema.

The engine checks the types of known settings, but silently accepts unknown rules and settings. A rule with a misspelled
setting is weaker than its owner believes, so these are errors here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from model_serving.policies.pack.rule import Rule

LEVELS = ("advisory", "mandatory", "remediate", "disabled")
_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "boolean": (bool,), "array": (list,)}


def mistakes(rules: Iterable[Rule], config: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The mistakes in a configuration, given as settings by rule, as one line each."""
    known = {rule.name: rule for rule in rules}
    found: list[str] = []
    for name, given in config.items():
        if name in known:
            found += _setting_mistakes(known[name], given)
        elif name != "all":
            found.append(f"{name}: unknown rule. {_suggestion(name, [*known, 'all'])}")
    return found


def _setting_mistakes(rule: Rule, given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        schema = rule.settings.get(key)
        if schema is None:
            yield f'{rule.name}: unknown setting "{key}". {_suggestion(key, list(rule.settings))}'
        elif mistake := _value_mistake(schema, _as_integer(value)):
            yield f"{rule.name}: {key}: {mistake}; found {value!r}"


def _value_mistake(schema: Mapping[str, Any], value: Any) -> str | None:
    kind = str(schema["type"])
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return f"must be of type {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(schema['enum'])}"
    if "minimum" in schema and value < schema["minimum"]:
        return f"must be at least {schema['minimum']}"
    if isinstance(value, list) and not all(isinstance(item, _TYPES[schema["items"]["type"]]) for item in value):
        return f"must have values of type {schema['items']['type']} only"
    return None


def _as_integer(value: Any) -> Any:
    """Pulumi's wire format has floats only."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _suggestion(name: str, allowed: list[str]) -> str:
    from model_serving.spec.validation.suggestions import suggestion  # noqa: PLC0415  pydantic, for a mistake only

    return suggestion(name, allowed, "There are")


def schema(rules: Iterable[Rule]) -> dict[str, Any]:
    """The JSON schema of a `--policy-pack-config` file, for editors and for checks without an engine."""
    level = {"type": "string", "enum": list(LEVELS)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of the model-serving policy pack",
        "description": "For `pulumi preview --policy-pack policies --policy-pack-config FILE`.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "all": {"description": "The level of every rule that is not named.", "anyOf": _level_or_settings(level, {})}
        }
        | {
            rule.name: {"description": rule.description, "anyOf": _level_or_settings(level, rule.settings)}
            for rule in sorted(rules, key=lambda rule: rule.name)
        },
    }


def _level_or_settings(level: dict[str, Any], settings: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    properties = {"enforcementLevel": level} | {key: dict(value) for key, value in settings.items()}
    return [level, {"type": "object", "additionalProperties": False, "properties": properties}]
