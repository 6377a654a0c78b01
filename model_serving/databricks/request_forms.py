"""What the served entities of a live endpoint take in a request, from the endpoint's query schema.

Source: product documentation, manage model serving endpoints, "Get the schema for a model serving endpoint": an OpenAPI
document with a path for each served entity, and its formats of requests under `oneOf`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_ROWS: Final = "dataframe_records"
_TABULAR: Final = (_ROWS, "dataframe_split", "instances", "inputs")
_BESIDE: Final = ("params",)


@dataclass(frozen=True)
class RequestForm:
    """What a model takes: rows with these columns, or members of another kind, such as `messages`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """The types of the columns, as in `number`."""
    required: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    """Members of the request of a model that takes no rows."""


def schema_path(endpoint_path: str) -> str:
    """The path of an endpoint's query schema."""
    return f"{endpoint_path}/openapi"


def request_forms(document: Mapping[str, Any]) -> dict[str, RequestForm]:
    """What each served entity takes, by its name; without those of which the document says nothing."""
    forms = {}
    for path, operations in (document.get("paths") or {}).items():
        parts = path.strip("/").split("/")
        if "served-models" in parts[:-1] and (form := _form(operations)):
            forms[parts[parts.index("served-models") + 1]] = form
    return forms


def _form(operations: Mapping[str, Any]) -> RequestForm | None:
    body = (operations.get("post") or {}).get("requestBody") or {}
    schema = ((body.get("content") or {}).get("application/json") or {}).get("schema") or {}
    formats = [each.get("properties") or {} for each in schema.get("oneOf") or [schema]]
    for properties in formats:
        if rows := (properties.get(_ROWS) or {}).get("items"):
            columns = {name: _type(column) for name, column in (rows.get("properties") or {}).items()}
            return RequestForm(columns, frozenset(rows.get("required") or ())) if columns else None
    members = {name for properties in formats for name in properties} - {*_TABULAR, *_BESIDE}
    return RequestForm(members=frozenset(members)) if members else None


def _type(column: Mapping[str, Any]) -> str:
    kind = column.get("type")
    return kind if isinstance(kind, str) else json.dumps(kind or column)


def differences(one: RequestForm, other: RequestForm) -> Iterator[str]:
    """How `other` takes another request than `one`, as phrases that follow its name."""
    if bool(one.members) != bool(other.members) or one.members != other.members:
        yield f"takes {_kind(other)} instead of {_kind(one)}"
        return
    if missing := sorted(other.required - one.columns.keys()):
        yield f"also requires {', '.join(missing)}"
    if dropped := sorted(one.required - other.columns.keys()):
        yield f"does not take {', '.join(dropped)}"
    for name, kind in one.columns.items():
        if name in other.columns and other.columns[name] != kind:
            yield f"takes {name} as {other.columns[name]} instead of {kind}"


def _kind(form: RequestForm) -> str:
    return ", ".join(f"`{member}`" for member in sorted(form.members)) if form.members else "rows"
