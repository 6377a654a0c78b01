"""The SCIM protocol's own parts: filters, pages, patch operations and answers.

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
    """A listing: filtered, then cut to `startIndex` (from 1) and `count`. The SDKs ask on until a page is empty."""
    matching = [resource for resource in resources if _matches(resource, query.get("filter", ""))]
    first, count = _number(query.get("startIndex"), 1), _number(query.get("count"), len(matching))
    shown = matching[max(first, 1) - 1 :][:count]
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": len(matching),
        "startIndex": max(first, 1),
        "itemsPerPage": len(shown),
        "Resources": shown,
    }


def patched(record: Json, operations: list[Json]) -> Json:
    """The record after a PATCH, whose operations name a member, an item of a list, or nothing (then an object)."""
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
        kept = [held for held in record.get(item["member"], []) if held.get("value") != item["value"]]
        return record | {item["member"]: kept}
    if kind == "remove":
        return record | {path: [] if path in LISTS else None}
    if path in LISTS and kind == "add":
        held = {entry.get("value"): entry for entry in record.get(path, [])}
        return record | {path: list((held | {entry.get("value"): entry for entry in value}).values())}
    return record | {path: value}


def _matches(resource: Json, text: str) -> bool:
    if not text:
        return True
    found = FILTER.fullmatch(text)
    if not found:
        raise ScimError(HTTPStatus.BAD_REQUEST, f"Unsupported filter: {text}", "invalidFilter")
    held, wanted = str(resource.get(found["member"], "")).lower(), found["value"].lower()
    match found["operator"].lower():
        case "eq":
            return held == wanted
        case "ne":
            return held != wanted
        case "co":
            return wanted in held
        case _:
            return held.startswith(wanted)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
