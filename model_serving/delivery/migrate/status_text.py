"""The status of a migration as text and as JSON."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from model_serving.databricks.usage.sentences import coverage, requests_text
from model_serving.databricks.usage.usage import Reading, Requester, Usage
from model_serving.delivery.migrate.status import MigrationStatus, Side


def status_lines(status: MigrationStatus) -> Iterator[str]:
    """The stage, both endpoints with their addresses, who called them, and what comes next."""
    yield f"{status.key} of stack {status.stack}: {status.stage}"
    for role, side in (("successor", status.successor), ("predecessor", status.predecessor)):
        if side is not None and status.predecessor is not None:
            yield from _side_lines(role, side, status)
    for command in status.next:
        yield f"next: {command}"


def status_json(status: MigrationStatus) -> dict[str, Any]:
    """The same for programs; times are ISO 8601."""
    return {
        "stack": status.stack,
        "endpoint": status.key,
        "stage": status.stage.name.lower(),
        "successor": _side_json(status.successor, status),
        "predecessor": _side_json(status.predecessor, status) if status.predecessor else None,
        "next": list(status.next),
    }


def _side_lines(role: str, side: Side, status: MigrationStatus) -> Iterator[str]:
    yield f"{role} {side.name}: {side.state}" + (f", {side.url}" if side.url else "")
    if side.usage is None:
        return
    yield f"  {requests_text(side.usage)}"
    for each in side.usage.requesters:
        if each.name:
            yield f"    {_named(each.name, status)}: {each.requests}" + (
                f", the last at {each.last:%Y-%m-%d %H:%M UTC}" if each.last else ""
            )
    for sentence in coverage(side.usage):
        yield f"  {sentence}"


def _named(requester: str, status: MigrationStatus) -> str:
    key = status.principals.get(requester)
    return f"{key} ({requester})" if key else requester


def _side_json(side: Side, status: MigrationStatus) -> dict[str, Any]:
    return {
        "name": side.name,
        "id": side.id or None,
        "url": side.url or None,
        "state": side.state,
        "usage": _usage_json(side.usage, status) if side.usage else None,
    }


def _usage_json(usage: Usage, status: MigrationStatus) -> dict[str, Any]:
    return {
        "since": usage.since.isoformat(timespec="seconds"),
        "requests": usage.requests,
        "last": _time(usage.last),
        "requesters": [_requester_json(each, status) for each in usage.requesters if each.name],
        "sources": [_reading_json(each) for each in usage.readings],
    }


def _requester_json(requester: Requester, status: MigrationStatus) -> dict[str, Any]:
    return {
        "name": requester.name,
        "service_principal": status.principals.get(requester.name),
        "requests": requester.requests,
        "last": _time(requester.last),
    }


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {
        "kind": reading.kind.value,
        "source": reading.source,
        "complete_from": _time(reading.begin),
        "complete_until": _time(reading.end),
        "requests": reading.requests,
        "problem": reading.problem or None,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
