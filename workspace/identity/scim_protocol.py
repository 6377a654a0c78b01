"""The SCIM protocol: filters, pages and patch operations.

Sources: RFC 7644; the requests of the Terraform provider and of the SDKs.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from model_serving.workspace.http.errors import ScimError
from model_serving.workspace.http.request_model import check_body
from model_serving.workspace.identity.requests import Identity
from model_serving.workspace.store.database import Json

LIST_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
FILTER: Final = re.compile(r'\s*(?P<member>\w+)\s+(?P<operator>eq|ne|co|sw)\s+"?(?P<value>[^"]*)"?\s*', re.IGNORECASE)
ITEM_PATH: Final = re.compile(r'(?P<member>\w+)\[value eq "(?P<value>[^"]*)"\]')
LISTS: Final = frozenset({"members", "entitlements", "roles", "groups", "emails"})
UNPARSABLE: Final = "Request is unparsable, syntactically incorrect, or violates schema."


def page(resources: list[Json], query: Mapping[str, str]) -> Json:
    """One page of a filtered listing; `startIndex` counts from 1. The SDKs request pages until one is empty."""
    matching = [resource for resource in resources if _matches(resource, query.get("filter", ""))]
    first, count = _number(query.get("startIndex"), 1), _number(query.get("count"), len(matching))
    selected = matching[max(first, 1) - 1 :][:count]
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": len(matching),
        "startIndex": max(first, 1),
        "itemsPerPage": len(selected),
        "Resources": selected,
    }


def patched(record: Json, operations: list[Json]) -> Json:
    """The record after a PATCH. The path of an operation is a member, an item of a list, or absent."""
    for operation in operations:
        kind, path, value = str(operation.get("op", "")).lower(), operation.get("path"), operation.get("value")
        if kind not in ("add", "remove", "replace"):
            raise ScimError(HTTPStatus.BAD_REQUEST, UNPARSABLE, "invalidSyntax")
        changes = {path: value} if path else value if isinstance(value, dict) else {}
        if kind != "remove":
            check_body(Identity, changes)
        for member, inner in changes.items():
            record = _change(record, kind, member, inner)
    return record


def _change(record: Json, kind: str, path: str, value: Any) -> Json:
    if item := ITEM_PATH.fullmatch(path):
        remaining = [entry for entry in record.get(item["member"], []) if entry.get("value") != item["value"]]
        return record | {item["member"]: remaining}
    if kind == "remove":
        return record | {path: [] if path in LISTS else None}
    if path in LISTS and kind == "add":
        entries = {entry.get("value"): entry for entry in [*record.get(path, []), *(value or [])]}
        return record | {path: list(entries.values())}
    return record | {path: value}


def _matches(resource: Json, text: str) -> bool:
    if not text:
        return True
    parsed = FILTER.fullmatch(text)
    if not parsed:
        raise ScimError(HTTPStatus.BAD_REQUEST, f"Unsupported filter: {text}", "invalidFilter")
    actual, expected = str(resource.get(parsed["member"], "")).lower(), parsed["value"].lower()
    match parsed["operator"].lower():
        case "eq":
            return actual == expected
        case "ne":
            return actual != expected
        case "co":
            return expected in actual
        case _:
            return actual.startswith(expected)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
