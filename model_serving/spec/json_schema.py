"""The vocabulary as JSON Schema for editors: `make schema` writes stacks/schema.json, which each stack file names.

Draft 7, which yaml-language-server reads best. A stack's file is an overlay of base.yaml: required keys may be missing,
and `null`, which removes, is allowed for whatever is merged. Items of lists are not merged.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from model_serving.spec.field_path import NAMESPACE
from model_serving.spec.vocabulary.stack import Stack
from model_serving.spec.vocabulary.types import SECURE

FILE: Final = Path(__file__).resolve().parents[2] / "stacks" / "schema.json"
RULES: Final = Path(__file__).resolve().parents[1] / "policies" / "config.schema.json"
"""The levels and settings of the rules, which `python -m model_serving.policies.pack.reference_docs` writes."""

_NULL: Final = {"type": "null"}
_SECURE_REF: Final = {"$ref": "#/definitions/secure"}
_WHOLE_ONLY: Final = ("required", "minProperties")
_NOISE: Final = ("title", "default")
_ENGINE_LEVEL: Final = "enforcementLevel"

Json = dict[str, Any]


def stack_file_schema() -> Json:
    """The schema of a whole stack file, Pulumi's own keys included."""
    generated = Stack.model_json_schema()
    models = {"Stack": {key: value for key, value in generated.items() if key != "$defs"}, **generated["$defs"]}
    listed = {name for model in models.values() for name in _listed(model)}
    models = {name: _model(model, whole=name in listed) for name, model in models.items()}
    settings = models.pop("Stack")["properties"]
    settings["policies"] |= {"additionalProperties": False, "properties": _rules()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of Databricks Model Serving",
        "description": "base.yaml, or Pulumi.<stack>.yaml over it. See docs/stack-files.md.",
        "type": "object",
        "properties": {
            "config": {
                "description": "Settings of this project and of the providers.",
                "type": ["object", "null"],
                "properties": {NAMESPACE + key: value for key, value in settings.items()},
                "patternProperties": {
                    f"^(?!{NAMESPACE})[^:]+:.+$": {"description": "Settings of Pulumi and of providers."}
                },
                "additionalProperties": False,
            },
            "encryptionsalt": {"description": "Pulumi: salt of the passphrase for secrets.", "type": "string"},
            "encryptedkey": {"description": "Pulumi: encrypted key for secrets.", "type": "string"},
            "secretsprovider": {"description": "Pulumi: secrets provider.", "type": "string"},
            "environment": {"description": "Pulumi: ESC environments."},
        },
        "additionalProperties": False,
        "definitions": {**dict(sorted(models.items())), "secure": SECURE},
    }


def _rules() -> Json:
    """The level and the settings of each rule, and null, which removes those of base.yaml."""
    rules: Json = json.loads(RULES.read_text(encoding="utf-8"))["properties"]
    return {name: {"description": rule["description"], "anyOf": [*_forms(rule), _NULL]} for name, rule in rules.items()}


def _forms(rule: Json) -> Iterator[Json]:
    """A level, and a map of settings, in which the engine's `enforcementLevel` is called `level`."""
    for form in rule.get("anyOf", [rule]):
        if form["type"] == "string":
            yield _level(form)
            continue
        settings = {
            "level" if name == _ENGINE_LEVEL else name: _level(schema) if name == _ENGINE_LEVEL else schema
            for name, schema in form["properties"].items()
        }
        nullable = {name: _nullable(schema) for name, schema in settings.items()}
        yield {"type": "object", "additionalProperties": False, "properties": nullable}


def _level(schema: Json) -> Json:
    """Without `remediate`: no rule changes a resource."""
    return {**schema, "enum": [word for word in schema["enum"] if word != "remediate"]}


def text() -> str:
    """The contents of stacks/schema.json."""
    return json.dumps(stack_file_schema(), indent=2) + "\n"


def _listed(schema: Any) -> Iterator[str]:
    """The names of models that are items of lists."""
    if isinstance(schema, dict):
        reference = schema.get("items", {}).get("$ref") if isinstance(schema.get("items"), dict) else None
        if reference:
            yield reference.rpartition("/")[2]
        for value in schema.values():
            yield from _listed(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _listed(value)


def _model(model: Json, *, whole: bool) -> Json:
    """The schema of a model. Unless it is `whole`, another file may overlay it, and `null` removes it."""
    kept = {key: value for key, value in model.items() if key not in _NOISE and (whole or key not in _WHOLE_ONLY)}
    properties = {name: _value(schema, whole=whole) for name, schema in model["properties"].items()}
    return {**kept, "type": "object" if whole else ["object", "null"], "properties": properties}


def _value(schema: Json, *, whole: bool) -> Json:
    """The values of a key: those of the type, a secret where it is text, and null where that removes."""
    choices = list(_choices(schema, whole=whole))
    single = len([choice for choice in choices if choice != _NULL]) == 1
    if single and (not whole or _NULL in choices):
        choices = [_nullable(choices[0])]
    elif not whole and _NULL not in choices:
        choices.append(_NULL)
    described = {"description": schema["description"]} if "description" in schema else {}
    if len(choices) > 1:
        return {**described, "anyOf": choices}
    # Draft 7 ignores keys beside a reference.
    return {**described, "allOf": choices} if described and "$ref" in choices[0] else {**described, **choices[0]}


def _nullable(schema: Json) -> Json:
    """The schema or null without an `anyOf`, so that editors mark the wrong value only."""
    if "$ref" in schema:
        return schema
    folded = {**schema, "type": [schema["type"], "null"]}
    if "const" in folded:
        folded["enum"] = [folded.pop("const")]
    return {**folded, "enum": [*folded["enum"], None]} if "enum" in folded else folded


def _choices(schema: Json, *, whole: bool) -> Iterator[Json]:
    """The alternatives of a value, nested ones flattened."""
    if schema == SECURE:
        yield _SECURE_REF
    elif "anyOf" in schema:
        for choice in schema["anyOf"]:
            yield from _choices(choice, whole=whole)
    elif "$ref" in schema:
        yield {"$ref": schema["$ref"].replace("#/$defs/", "#/definitions/")}
    else:
        yield _simple_type(schema, whole=whole)


def _simple_type(schema: Json, *, whole: bool) -> Json:
    plain = {key: value for key, value in schema.items() if key not in (*_NOISE, *_WHOLE_ONLY, "description")}
    if isinstance(plain.get("items"), dict):
        plain["items"] = _value(plain["items"], whole=True)
    if isinstance(plain.get("additionalProperties"), dict):
        plain["additionalProperties"] = _value(plain["additionalProperties"], whole=whole)
    if "patternProperties" in plain:
        named = {name: _value(value, whole=whole) for name, value in plain["patternProperties"].items()}
        plain |= {"patternProperties": named, "additionalProperties": False}
    return plain


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
