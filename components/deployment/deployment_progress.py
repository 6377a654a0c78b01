"""The progress of deployments in one line: which entity, in which phase, for how long, and the end of its build log.

The provider waits up to 45 minutes for an endpoint and prints nothing. A line is printed after half a minute, then at
each change of a phase, and else once a minute.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_serving.databricks.build_logs import Reader, build_log, log_lines
from model_serving.databricks.naming import model_label
from model_serving.databricks.serving_endpoints import deployment_state
from model_serving.measures import elapsed_text

VARIABLE: Final = "MODEL_SERVING_PROGRESS_SECONDS"
"""The variable that sets after how many seconds the first line is printed; 0 for none at all."""

_FIRST_SECONDS: Final = 30.0
_MOST_ENTITIES: Final = 5
_TIME: Final = re.compile(r"^\[[\d:. TZ+-]*\]")
"""The time at the beginning of a line of a log."""

_MOVING: Final = ("creating", "recovering", "")
"""States of an entity that is not deployed yet; a pending one may have none at first."""


def first_seconds() -> float | None:
    """After how many seconds of a deployment its progress is printed; None for never."""
    try:
        seconds = float(os.environ.get(VARIABLE) or _FIRST_SECONDS)
    except ValueError:
        return _FIRST_SECONDS
    return seconds if seconds > 0 else None


@dataclass(frozen=True)
class Deploying:
    """An endpoint that is being deployed. `live` is the answer to GET."""

    name: str
    seconds: float
    live: Mapping[str, Any]

    @property
    def entities(self) -> list[Mapping[str, Any]]:
        """The entities that are not deployed yet; all of the update if the workspace does not say which."""
        pending = (self.live.get("pending_config") or {}).get("served_entities") or []
        return [each for each in pending if deployment_state(each) in _MOVING] or list(pending)

    @property
    def phase(self) -> tuple[tuple[str, str, str], ...]:
        """The state and the message of each entity, whose change is worth a line."""
        return tuple((str(each.get("name")), deployment_state(each), _message(each)) for each in self.entities)


class Progress:
    """Decides when a line is printed."""

    def __init__(self) -> None:
        self._printed_at: float | None = None
        self._phases: object = None

    def line(self, deploying: Sequence[Deploying], more: int, workspace: Reader, now: float) -> str | None:
        """The line to print now, if any. `more` is the number of other endpoints that are pending."""
        first = first_seconds()
        if not deploying or first is None or max(each.seconds for each in deploying) < first:
            return None
        in_full = _is_shown_in_full(deploying, more)
        phases = [(each.name, each.phase if in_full else _entities(each)) for each in deploying]
        every = 2 * first
        if self._printed_at is not None and phases == self._phases and now - self._printed_at < every:
            return None
        self._printed_at, self._phases = now, phases
        return progress_line(deploying, more, workspace)


def progress_line(deploying: Sequence[Deploying], more: int, workspace: Reader) -> str:
    """One endpoint in full, or several in a few words. The build log is read if there is one endpoint."""
    if _is_shown_in_full(deploying, more):
        return f"Deploying {_one(deploying[0], workspace)}"
    shown = "; ".join(f"{each.name} ({_entities(each)})" for each in deploying)
    others = f"; and {more} more" if more else ""
    slowest = max(each.seconds for each in deploying)
    return f"Deploying {len(deploying) + more} endpoints for up to {elapsed_text(slowest)}: {shown}{others}"


def _is_shown_in_full(deploying: Sequence[Deploying], more: int) -> bool:
    return len(deploying) == 1 and not more


def _one(each: Deploying, workspace: Reader) -> str:
    start = f'endpoint "{each.name}" for {elapsed_text(each.seconds)}'
    if not each.entities:
        return start
    entities = each.entities[:_MOST_ENTITIES]
    parts = [f"{_described(entity)}{_log(entity, each.name, workspace)}" for entity in entities]
    more = len(each.entities) - len(entities)
    return f"{start}: {'; '.join(parts)}{f'; and {more} more' if more else ''}"


def _described(entity: Mapping[str, Any]) -> str:
    model = model_label(str(entity.get("entity_name") or "external model"), entity.get("entity_version"))
    message = _message(entity).rstrip(".")
    return f'"{entity.get("name")}" ({model}) {deployment_state(entity)}{f", {message}" if message else ""}'


def _log(entity: Mapping[str, Any], endpoint: str, workspace: Reader) -> str:
    """The last line of the build log; nothing where the caller may not read it, or there is none."""
    lines = build_log(workspace, endpoint, str(entity.get("name")), 1)
    return f'; build log: "{_TIME.sub("", lines[-1]).strip()}"' if lines else ""


def _entities(each: Deploying) -> str:
    names = [f"{entity.get('name')} {deployment_state(entity)}".strip() for entity in each.entities[:_MOST_ENTITIES]]
    more = len(each.entities) - len(names)
    return ", ".join([*names, *([f"{more} more"] if more else [])])


def _message(entity: Mapping[str, Any]) -> str:
    return " ".join(log_lines(str((entity.get("state") or {}).get("deployment_state_message") or "")))
