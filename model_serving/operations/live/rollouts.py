"""The rollout of an endpoint that runs or that ran last, and its history, from Pulumi's state."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.operations.live.extra import Extra
from model_serving.operations.live.status import EndpointStatus
from model_serving.operations.live.targets import Targets
from model_serving.spec.rollout_record import split_text

Json = dict[str, Any]

_SHOWN: Final = 6
"""How many of the last steps the detailed view shows."""


def _read(targets: Targets, status: EndpointStatus) -> Json | None:
    found = targets.histories.get(status.key)
    if found is None:
        return None
    record = found.record
    return {
        "status": record.status.value,
        "run": record.run,
        "start": dict(record.start),
        "target": dict(record.target),
        "split": dict(record.split),
        "since": found.since,
        "owner": {"host": record.owner.host, "pid": record.owner.pid, "until": record.owner.until},
        "reason": record.reason,
        "entries": [asdict(each) for each in found.entries],
    }


def _notice(value: Json) -> str | None:
    """The line below the table: a rollout that runs, or that failed."""
    if value["status"] == "reached":
        return None
    if value["status"] == "failed":
        return f"the last rollout failed at {value['reason']}"
    since = f" since {_time(value['since'])}" if value["since"] else ""
    where = f"rollout {value['status']}: {split_text(value['split'])}{since}, to {split_text(value['target'])}"
    return f"{where}; {_run_by(value['owner'])}"


def _run_by(owner: Json, now: datetime | None = None) -> str:
    """Who goes on with a rollout: only on its own host it is known whether that process still runs."""
    now = now or datetime.now(UTC)
    if owner["until"] and datetime.fromisoformat(owner["until"]) > now:
        return f"process {owner['pid']} on {owner['host']} goes on with it, if it has not ended"
    return "nobody goes on with it: deploy again, or roll back"


def _lines(value: Json) -> Iterator[str]:
    yield f"{value['status']}, from {split_text(value['start'])} to {split_text(value['target'])}"
    shown = value["entries"][-_SHOWN:]
    if value["reason"] and not any(each["reason"] and each["reason"] in value["reason"] for each in shown):
        yield f"failed at {value['reason']}"
    for each in reversed(shown):
        reason = f": {each['reason']}" if each["reason"] else ""
        yield f"{_time(each['time'])}  {split_text(each['split'])}  {each['verdict']}{reason}"
    if (more := len(value["entries"]) - _SHOWN) > 0:
        yield f"and {more} earlier steps: --json has them"


def _time(utc: str) -> str:
    """`2026-11-21T18:30:00+00:00` as `2026-11-21 18:30 UTC`."""
    return f"{utc[:16].replace('T', ' ')} UTC" if utc else ""


ROLLOUT: Final = Extra("rollout", _read, _lines, notice=_notice)
