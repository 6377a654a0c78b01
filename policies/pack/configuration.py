"""The pack's configuration: checked as a whole, and described as a JSON schema.

The engine checks the types of known settings. It takes rules and settings that don't exist without a word, and a
setting that was misspelt is then a rule that is weaker than its owner believes; so those are mistakes here.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from model_serving.policies.pack.rule import Rule

LEVELS = ("advisory", "mandatory", "remediate", "disabled")
_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "boolean": (bool,), "array": (list,)}


def mistakes(rules: Iterable[Rule], config: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with a configuration, given as settings by rule: a sentence each."""
    known = {rule.name: rule for rule in rules}
    found: list[str] = []
    for name, given in config.items():
        if name in known:
            found += _in_settings(known[name], given)
        elif name != "all":
            found.append(f"{name}: there is no such rule. {_meant(name, [*known, 'all'])}")
    return found


def _in_settings(rule: Rule, given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        schema = rule.settings.get(key)
        if schema is None:
            yield f'{rule.name}: there is no setting "{key}". {_meant(key, list(rule.settings))}'
        elif fault := _fault(schema, _whole(value)):
            yield f"{rule.name}: {key}: {fault}; found {value!r}"


def _fault(schema: Mapping[str, Any], value: Any) -> str | None:
    kind = str(schema["type"])
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return f"must be of type {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(schema['enum'])}"
    if "minimum" in schema and value < schema["minimum"]:
        return f"must be at least {schema['minimum']}"
    if isinstance(value, list) and not all(isinstance(item, _TYPES[schema["items"]["type"]]) for item in value):
        return f"must hold values of type {schema['items']['type']} only"
    return None


def _whole(value: Any) -> Any:
    """The wire knows one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _meant(name: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(name, allowed, n=1, cutoff=0.5)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"There are: {', '.join(allowed)}" if allowed else "It has none"


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
            "all": {"description": "The level of every rule that is not named.", "anyOf": _either(level, {})}
        }
        | {
            rule.name: {"description": rule.description, "anyOf": _either(level, rule.settings)}
            for rule in sorted(rules, key=lambda rule: rule.name)
        },
    }


def _either(level: dict[str, Any], settings: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    properties = {"enforcementLevel": level} | {key: dict(value) for key, value in settings.items()}
    return [level, {"type": "object", "additionalProperties": False, "properties": properties}]
