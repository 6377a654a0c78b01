"""Refreshes the copy of a state with the provider, except for what the reader may not read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model_serving.review.plan.engine_process import EngineRun
from model_serving.review.plan.events import Event, load_events
from model_serving.review.plan.preview import Urn
from model_serving.review.plan.pulumi_command import run_pulumi
from model_serving.review.plan.state_copy.source import Source

REFRESH: Final = ("--yes", "--skip-preview", "--suppress-outputs", "--run-program=false")
"""The program has no part in a refresh, and PULUMI_RUN_PROGRAM would start it."""

_DENIED: Final = re.compile(r"(?i)permission|\bdenied\b|\bforbidden\b|not authorized|unauthorized|admins? can")
"""How the provider's error reads where the workspace refuses to show something: it has no code."""


@dataclass(frozen=True)
class Refresh:
    """A finished refresh: what it found changed, as events of a preview."""

    run: EngineRun
    events: tuple[Event, ...]
    denied: tuple[str, ...] = ()
    """The URNs that could not be read because of the reader's rights, and for no other reason."""


def refresh(copy: Source, events: Path, excluded: Iterable[str]) -> Refresh:
    """Run `pulumi refresh` on a copy. `events` is the file for its event log."""
    events.unlink(missing_ok=True)
    flags = [*REFRESH, *excluding(excluded), "--event-log", str(events), *copy.options]
    ran = run_pulumi("refresh", copy.stack, copy.folder, flags, environment=copy.environment)
    logged = load_events(events) if events.exists() else []
    return Refresh(ran, tuple(_as_of_a_preview(logged)), _denied(logged) if ran.status else ())


def excluding(urns: Iterable[str]) -> list[str]:
    """The options that leave these resources out."""
    return [option for urn in sorted(urns) for option in ("--exclude", urn)]


def _as_of_a_preview(events: Iterable[Event]) -> Iterable[Event]:
    """The events of a refresh as `preview --refresh` writes them, where each ends as `refresh` and not as `update`."""
    begun = set()
    for event in events:
        if metadata := event.get("resourcePreEvent", {}).get("metadata"):
            begun.add(metadata["urn"])
        elif (metadata := event.get("resOutputsEvent", {}).get("metadata")) and metadata["urn"] in begun:
            yield {"resOutputsEvent": {"metadata": {**metadata, "op": "refresh"}}}
        elif event.get("diagnosticEvent", {}).get("severity") in ("error", "warning") and not _is_echo(event):
            yield event


def _is_echo(event: Event) -> bool:
    """Whether the engine says once more that the refresh failed."""
    return str(event["diagnosticEvent"].get("message")).strip() == "update failed"


def _denied(events: Iterable[Event]) -> tuple[str, ...]:
    """The resources that were refused, if no other resource failed."""
    errors: dict[str, list[str]] = {}
    for event in events:
        diagnostic: Mapping[str, Any] = event.get("diagnosticEvent", {})
        if diagnostic.get("severity") == "error" and diagnostic.get("urn"):
            errors.setdefault(diagnostic["urn"], []).append(str(diagnostic.get("message")))
    every = all(any(map(_DENIED.search, messages)) for messages in errors.values())
    return tuple(sorted(urn for urn in errors if Urn(urn).type)) if every else ()
