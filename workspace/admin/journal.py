"""The journal: the last 10,000 requests in order, for tests of what a client sends.

An entry has method, path, query, status, principal, time in seconds since 1970 and, for API writes, the body. It has no
secrets: bodies of the token endpoint and of the data plane are omitted, and secret members are masked.
"""

import json
from typing import Any, Final

from model_serving.workspace.http.auth import require_admin
from model_serving.workspace.http.call import Call
from model_serving.workspace.store.database import Json, Store

MASK: Final = "***"
SECRET_MEMBERS: Final = frozenset(
    {"string_value", "bytes_value", "secret", "client_secret", "token", "token_value", "password", "assertion"}
)


def read(call: Call) -> Json:
    """Returns all requests; with `?writes=true` without reads, queries of the data plane and token requests."""
    require_admin(call.access, "read the journal")
    return {"requests": call.store.read_journal(writes_only=call.query.get("writes") == "true")}


def clear(call: Call) -> Json:
    require_admin(call.access, "clear the journal")
    call.store.clear_journal()
    return {}


def record(
    store: Store, *, time: float, method: str, path: str, query: str, body: bytes, status: int, principal: str | None
) -> None:
    is_write = method not in ("GET", "HEAD") and path.startswith("/api/")
    entry: Json = {"method": method, "path": path, "status": status, "principal": principal, "time": time}
    if query:
        entry["query"] = query
    if is_write and body:
        entry["body"] = _json_without_secrets(body)
    store.write_journal(entry, is_write=is_write)


def _json_without_secrets(body: bytes) -> Any:
    try:
        return _masked(json.loads(body))
    except (ValueError, RecursionError):
        return "(not JSON)"


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            member: MASK if member in SECRET_MEMBERS or member.endswith("_plaintext") else _masked(inner)
            for member, inner in value.items()
        }
    return [_masked(inner) for inner in value] if isinstance(value, list) else value
