"""The vocabulary as JSON Schema, for editors: `make schema` writes it where the first line of each stack file names it.

Draft 7, which yaml-language-server reads best. A stack's file is only half of a stack, laid over base.yaml: so what is
required may be missing, and `null`, which removes, may stand for anything that is merged. In a list nothing is merged.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from model_serving.spec.field_path import NAMESPACE
from model_serving.spec.vocabulary.stack import Stack
from model_serving.spec.vocabulary.types import SECURE

FILE: Final = Path(__file__).resolve().parents[2] / "stacks" / "schema.json"

_NULL: Final = {"type": "null"}
_SECURE_REF: Final = {"$ref": "#/definitions/secure"}
_OF_A_WHOLE: Final = ("required", "minProperties")
_NOISE: Final = ("title", "default")

Json = dict[str, Any]


def stack_file_schema() -> Json:
    """The schema of a whole stack file, Pulumi's own keys included."""
    generated = Stack.model_json_schema()
    models = {"Stack": {key: value for key, value in generated.items() if key != "$defs"}, **generated["$defs"]}
    listed = {name for model in models.values() for name in _listed(model)}
    models = {name: _model(model, whole=name in listed) for name, model in models.items()}
    settings = models.pop("Stack")["properties"]
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
                    f"^(?!{NAMESPACE})[^:]+:.+$": {"description": "Pulumi's and the providers' own."}
                },
                "additionalProperties": False,
            },
            "encryptionsalt": {"description": "Pulumi's: of the passphrase of secrets.", "type": "string"},
            "encryptedkey": {"description": "Pulumi's: of the key of secrets.", "type": "string"},
            "secretsprovider": {"description": "Pulumi's: who encrypts secrets.", "type": "string"},
            "environment": {"description": "Pulumi's: ESC environments."},
        },
        "additionalProperties": False,
        "definitions": {**dict(sorted(models.items())), "secure": SECURE},
    }


def text() -> str:
    """The schema as it is kept."""
    return json.dumps(stack_file_schema(), indent=2) + "\n"


def _listed(schema: Any) -> Iterator[str]:
    """The models that stand in lists."""
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
    """A map of the vocabulary. Not `whole`: one that another file's may be laid over, or that `null` removes."""
    kept = {key: value for key, value in model.items() if key not in _NOISE and (whole or key not in _OF_A_WHOLE)}
    properties = {name: _value(schema, whole=whole) for name, schema in model["properties"].items()}
    return {**kept, "type": "object" if whole else ["object", "null"], "properties": properties}


def _value(schema: Json, *, whole: bool) -> Json:
    """What may stand under a key: the type itself, a secret where it is text, and null where that removes."""
    choices = list(_choices(schema, whole=whole))
    single = len([choice for choice in choices if choice != _NULL]) == 1
    if single and (not whole or _NULL in choices):
        choices = [_nullable(choices[0])]
    elif not whole and _NULL not in choices:
        choices.append(_NULL)
    told = {key: schema[key] for key in ("description",) if key in schema}
    if len(choices) > 1:
        return {**told, "anyOf": choices}
    # Draft 7 looks at nothing beside a reference.
    return {**told, "allOf": choices} if told and "$ref" in choices[0] else {**told, **choices[0]}


def _nullable(schema: Json) -> Json:
    """The same or null, without an `anyOf`: editors then mark the value that is wrong, and not all around it."""
    if "$ref" in schema:
        return schema
    folded = {**schema, "type": [schema["type"], "null"]}
    if "const" in folded:
        folded["enum"] = [folded.pop("const")]
    return {**folded, "enum": [*folded["enum"], None]} if "enum" in folded else folded


def _choices(schema: Json, *, whole: bool) -> Iterator[Json]:
    """The alternatives of a value, those within each other made one list."""
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
    plain = {key: value for key, value in schema.items() if key not in (*_NOISE, *_OF_A_WHOLE, "description")}
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
