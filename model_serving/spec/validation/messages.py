"""Pydantic's errors as messages for authors of stack files: the value, what is allowed, and a hint at the fix."""

from typing import Any, Final

from pydantic_core import ErrorDetails

from model_serving.databricks.limits import NAME_LENGTH
from model_serving.spec.field_path import NAMESPACE, FieldPath
from model_serving.spec.files.secrets import is_output, is_secret
from model_serving.spec.introspection import key_words, keys, words
from model_serving.spec.validation.predecessor_rules import endpoint_only
from model_serving.spec.validation.suggestions import suggestion
from model_serving.spec.vocabulary import types
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.prices import CURRENCY
from model_serving.spec.vocabulary.stack import Stack

_LONGEST: Final = 80
_DAY: Final = ("a day", "Write it as year-month-day, as in 2027-03-31")
_MAP: Final = ("a map", "A map is `key: value` lines under the key, or {key: value}")
_KINDS: Final = {
    "model_type": _MAP,
    "dict_type": _MAP,
    "list_type": ("a list", "A list is `- ` lines under the key, or [first, second]"),
    "string_type": ("text", "Write a text"),
    "bool_type": ("true or false", "Write true or false, without quotes"),
    "int_type": ("a whole number", "Write a whole number, without quotes"),
    "float_type": ("a number", "Write a number, without quotes"),
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
}
"""The name of each type of value, and how to write it."""

_REFERENCE: Final = "See docs/stack-files.md"
SCOPE_NAME_HINT: Final = "Use 1 to 128 letters, digits, -, _, ., @ and /"
_FIXED: Final = {
    "missing": ("is required but missing", _REFERENCE),
    "string_too_short": ("is empty", "Set a value, or remove the key"),
    "too_short": ("is empty", "Add at least one"),
    "secret": ("can't be secret", "Use a plaintext value"),
}
_FORMS: Final = {
    types.VERSION: ("is not a model version", 'Write a whole number, as in version: "7"'),
    types.ENDPOINT_NAME: (
        "is not a valid endpoint name",
        f"Use 1 to {NAME_LENGTH.value} letters, digits, - and _; begin and end with a letter or digit",
    ),
    types.ENTITY_NAME: ("is not a valid served entity name", f"Use 1 to {NAME_LENGTH.value} letters, digits, - and _"),
    types.OBJECT_NAME: ("is not a full name in Unity Catalog", "Write it as catalog.schema.name"),
    types.APPLICATION_ID: (
        "is not an application id",
        "Write it as Databricks shows it, 12345678-abcd-1234-abcd-1234567890ab",
    ),
    types.IDENTITY: (
        "is neither an application id nor a user name",
        "Write it as permissions show it, 12345678-abcd-1234-abcd-1234567890ab or someone@example.com",
    ),
    types.SCOPE_NAME: (
        "is not a valid name of a secret scope or of a key in one",
        SCOPE_NAME_HINT,
    ),
    types.REPOSITORY: ("is not a repository", "Write it as owner/name, as in acme/checkout"),
    types.PROJECT_PATH: ("is not a project", "Write it as group/name, as in acme/checkout"),
    types.VARIABLE_NAME: (
        "is not a valid name of a variable",
        "Use letters, digits and _, and begin with a letter or _, as in DATABRICKS_CLIENT_SECRET",
    ),
    CURRENCY: ("is not a currency", "Write its three letters, as in USD or EUR"),
    types.SECONDS: ("is not a lifetime", 'Write it in seconds, as in "7776000s" for 90 days'),
}
"""The message and the hint for text that doesn't match a pattern of the vocabulary."""


def explain(error: ErrorDetails, path: FieldPath, root: type[Model] = Stack) -> tuple[str, str]:
    """Message and hint for one error. `path` is that of the value in a `root`."""
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind in _KINDS:
        what, way_out = _KINDS[kind]
        return f"must be {what}; found {describe(found)}", _other_spelling(kind, found) or way_out
    match kind:
        case "extra_forbidden":
            return unknown_key(path, root)
        case "literal_error":
            return _unknown_word(found, words(path, root) or key_words(path, root))
        case "string_pattern_mismatch":
            what, way_out = _FORMS.get(context["pattern"], ("does not have the right form", _REFERENCE))
            message = f"{describe(found)} {what}", way_out
        case "refused":
            message = f"{describe(found)} {context['message']}", context["hint"]
        case "greater_than_equal" | "greater_than":
            bound = f"at least {context['ge']}" if "ge" in context else f"more than {context['gt']:g}"
            message = f"must be {bound}; found {describe(found)}", "Write a larger number"
        case "less_than_equal":
            message = f"must be at most {context['le']}; found {describe(found)}", "Write a smaller number"
        case "string_too_long":
            message = f"has {len(found)} characters, at most {context['max_length']} are allowed", "Shorten it"
        case "value_error":
            message = str(context["error"]), _REFERENCE
        case _:
            message = _FIXED.get(kind) or (f"{error['msg']}; found {describe(found)}", _REFERENCE)
    return message


def unknown_key(path: FieldPath, root: type[Model] = Stack) -> tuple[str, str]:
    """Message and hint for a key that `root` doesn't have. Top-level keys of a stack are shown with their namespace."""
    if reserved := endpoint_only(path, root):
        return reserved
    namespace = NAMESPACE if len(path) == 1 and root is Stack else ""
    name, allowed = f"{namespace}{path[-1]}", [namespace + key for key in keys(path[:-1], root)]
    return f'unknown key "{name}"', suggestion(name, allowed, "Known keys here")


def _unknown_word(found: Any, allowed: list[str]) -> tuple[str, str]:
    # Only in another case: a similar level or size may be meant as it is.
    meant = next((word for word in allowed if word.lower() == str(found).lower()), None)
    way_out = f'Did you mean "{meant}"?' if meant else "Use one of them"
    return f"{describe(found)} is not one of {', '.join(allowed)}", way_out


def _other_spelling(kind: str, found: Any) -> str:
    if is_secret(found):
        return "Only text can be secret; use a plaintext value"
    if kind == "string_type" and isinstance(found, bool | int | float):
        return f'Write it in quotes: "{describe(found)}"'
    return ""


def describe(value: Any) -> str:
    """A value for a message, at most 80 characters. A map, a list, a secret or an output is only named."""
    if is_secret(value) or is_output(value):
        return "a secret" if is_secret(value) else "an output"
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]}..."
