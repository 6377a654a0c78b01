"""Levels and settings of the rules: how they are given, what is wrong with them, and which apply.

They are given in the stack files (`model-serving:policies`) or to the engine (`--policy-pack-config`), whose settings
take precedence. The engine checks the types of known settings, but silently accepts unknown rules and settings. A rule
with a misspelled setting is weaker than its owner believes, so these are errors here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from model_serving.policies.pack.rule import DEFAULT_PRODUCTION, Level, Rule

ALL: Final = "all"
"""Gives the level of every rule that is not named."""

PRODUCTION: Final = "production"
"""Not a rule: its `stacks` are those to which the rules for production apply."""

PRODUCTION_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "stacks": {
        "type": "array",
        "items": {"type": "string"},
        "default": list(DEFAULT_PRODUCTION),
        "description": "Stacks that count as production, as names or patterns such as prod-*",
    }
}
LEVELS: Final = (*get_args(Level), "disabled")
ENGINE_LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")
"""Those of `--policy-pack-config`. No rule changes resources, so `remediate` is the same as `mandatory`."""

RULE: Final = "policy-settings"
"""The rule that reports mistakes in the stack files' configuration."""

UNCONFIGURED: Final = frozenset({RULE, "waivers"})
"""The rules that `all` leaves as they are: they report mistakes in what weakens the others."""

_TYPES: Final[dict[str, tuple[type, ...]]] = {"string": (str,), "integer": (int,), "boolean": (bool,), "array": (list,)}
_WORDS: Final = {"string": "text", "integer": "a whole number", "boolean": "true or false", "array": "a list"}


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong in a configuration: keys from the rule on, what is wrong, and what to do."""

    path: tuple[str, ...]
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{': '.join(self.path)}: {self.message}"
        return f"{text}. {self.hint}" if self.hint else text


@dataclass(frozen=True)
class Configured:
    """The level that a configuration gives a rule, None for its default, and the settings that it gives."""

    level: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def configured(policies: Mapping[str, Any]) -> dict[str, Configured]:
    """The valid part of `model-serving:policies`, by rule."""
    return {name: each for name, given in policies.items() if (each := _configured(given))}


def _configured(given: Any) -> Configured | None:
    if isinstance(given, str):
        return Configured(given) if given in LEVELS else None
    if not isinstance(given, Mapping):
        return None
    level = given.get("level")
    return Configured(level if level in LEVELS else None, {key: v for key, v in given.items() if key != "level"})


def level_of(rule: Rule, policies: Mapping[str, Configured]) -> str:
    """The rule's level in this configuration."""
    every = None if rule.name in UNCONFIGURED else policies.get(ALL, Configured()).level
    return policies.get(rule.name, Configured()).level or every or rule.level


def settings_of(rule: Rule, policies: Mapping[str, Configured]) -> dict[str, Any]:
    """The rule's settings in this configuration, with the defaults of those that it doesn't give."""
    given = policies.get(rule.name, Configured()).settings
    return rule.with_defaults(given, policies.get(PRODUCTION, Configured()).settings.get("stacks"))


def stack_file_mistakes(rules: Iterable[Rule], policies: Any) -> list[Mistake]:
    """The mistakes in `model-serving:policies`."""
    if not isinstance(policies, Mapping):
        return [Mistake((), "must be a map of levels and settings by rule", "See docs/policies.md")]
    known = {rule.name: rule.settings for rule in rules} | {PRODUCTION: PRODUCTION_SETTINGS, ALL: {}}
    found: list[Mistake] = []
    for name, given in policies.items():
        if name not in known:
            found.append(Mistake((name,), f'unknown rule "{name}"', _suggestion(name, list(known))))
        elif isinstance(given, Mapping):
            level = {"level": {"type": "string", "enum": LEVELS}} if name != PRODUCTION else {}
            found += _setting_mistakes(name, {**level, **known[name]}, given)
        elif name == PRODUCTION:
            found.append(Mistake((name,), "must be a map of settings", "Write it as {stacks: [prod, prod-*]}"))
        elif given not in LEVELS:
            message = f"must be a level or a map of settings; found {_shown(given)}"
            found.append(Mistake((name,), message, _suggestion(str(given), list(LEVELS), "Levels")))
    return found


def mistakes(rules: Iterable[Rule], config: Mapping[str, Mapping[str, Any]]) -> list[Mistake]:
    """The mistakes in a configuration of the engine, given as settings by rule."""
    known = {rule.name: rule.settings for rule in rules} | {PRODUCTION: PRODUCTION_SETTINGS, ALL: {}}
    found: list[Mistake] = []
    for name, given in config.items():
        if name not in known:
            found.append(Mistake((name,), f'unknown rule "{name}"', _suggestion(name, list(known))))
        else:
            found += _setting_mistakes(name, known[name], given)
    return found


def _setting_mistakes(rule: str, known: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> Iterator[Mistake]:
    for key, value in given.items():
        schema = known.get(key)
        if schema is None:
            yield Mistake((rule, key), f'unknown setting "{key}"', _suggestion(key, list(known)))
        elif message := _value_mistake(schema, _as_integer(value)):
            yield Mistake((rule, key), f"{message}; found {_shown(value)}")


def _value_mistake(schema: Mapping[str, Any], value: Any) -> str | None:
    kind = str(schema["type"])
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return f"must be {_WORDS[kind]}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(schema['enum'])}"
    if "minimum" in schema and value < schema["minimum"]:
        return f"must be at least {schema['minimum']}"
    if isinstance(value, list) and not all(isinstance(item, _TYPES[schema["items"]["type"]]) for item in value):
        return f"must be a list of {_WORDS[schema['items']['type']]}"
    return None


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _as_integer(value: Any) -> Any:
    """Pulumi's wire format has floats only."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _suggestion(name: str, allowed: list[str], otherwise: str = "There are") -> str:
    from model_serving.spec.validation.suggestions import suggestion  # noqa: PLC0415  for a mistake only

    return suggestion(name, allowed, otherwise)


def schema(rules: Iterable[Rule]) -> dict[str, Any]:
    """The JSON schema of a `--policy-pack-config` file, for editors and for checks without an engine."""
    level = {"type": "string", "enum": list(ENGINE_LEVELS)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of the model-serving policy pack",
        "description": "For `pulumi preview --policy-pack policies --policy-pack-config FILE`.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            ALL: {"description": "The level of every rule that is not named.", "anyOf": _level_or_settings(level, {})},
            PRODUCTION: {
                "description": "Which stacks are production.",
                "type": "object",
                "additionalProperties": False,
                "properties": {key: dict(value) for key, value in PRODUCTION_SETTINGS.items()},
            },
        }
        | {
            rule.name: {"description": rule.description, "anyOf": _level_or_settings(level, rule.settings)}
            for rule in sorted(rules, key=lambda rule: rule.name)
        },
    }


def _level_or_settings(level: dict[str, Any], settings: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    properties = {"enforcementLevel": level} | {
        key: {name: part for name, part in value.items() if name != "default_of"} for key, value in settings.items()
    }
    return [level, {"type": "object", "additionalProperties": False, "properties": properties}]
