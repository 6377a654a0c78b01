"""An engine's event log, less what differs from run to run: what is left is the same for the same change."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_serving.databricks.resource_types import SERVICE_PRINCIPAL
from model_serving.databricks.special_values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_VALUES

_OPTIONS = ("protect", "retainOnDelete")
_STATE = ("parent", "inputs", "outputs", "initErrors", *_OPTIONS)
_PACK = ("policyPackName", "policyPackVersion")
_TOLD = {
    "policyEvent": ("policyName", *_PACK, "enforcementLevel", "message", "resourceUrn"),
    "policyAnalyzeSummaryEvent": _PACK,
    "summaryEvent": ("isPreview",),
}
_IDS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|\b\d{15,16}\b")
_MEANT = re.compile("|".join((SIGNATURE_KEY, SECRET_SIGNATURE, *UNKNOWN_VALUES)))
"""Ids that mean the same in every run: what marks a secret, and what is not known yet."""
_LOG_TIMES = re.compile(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\]")
"""When a line of a build log was written."""


def recorded(events: Path, workspace: str) -> str:
    """The events as lines, sorted: the engine works on several resources at once, in an order of its own."""
    lines: dict[str, None] = {}
    for line in events.read_text(encoding="utf-8").splitlines():
        if kept := _kept(json.loads(line)):
            lines[json.dumps(kept, sort_keys=True, ensure_ascii=False)] = None
    text = "\n".join(sorted(lines, key=_place)) + "\n"
    return _masked(text.replace(workspace, "http://127.0.0.1:8787"))


def _kept(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a review reads of an event; None of one that it doesn't read."""
    for kind in ("resourcePreEvent", "resOutputsEvent"):
        metadata = event.get(kind, {}).get("metadata")
        if metadata and (metadata["op"] == "refresh") == (kind == "resOutputsEvent"):
            return {kind: {"metadata": _metadata(metadata)}}
    if event.get("diagnosticEvent", {}).get("severity") in {"error", "warning"}:
        told = event["diagnosticEvent"]
        return {"diagnosticEvent": {"severity": told["severity"], "message": told["message"]}}
    for kind, wanted in _TOLD.items():
        if kind in event:
            return {kind: {name: event[kind][name] for name in wanted if name in event[kind]}}
    return None


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    untouched = metadata["op"] in {"same", "refresh"} and not metadata.get("diffs") and metadata.get("new")
    kept = {name: metadata[name] for name in ("op", "urn", "keys", "diffs", "detailedDiff") if metadata.get(name)}
    for side in ("old", "new"):
        state = metadata.get(side) or {}
        names = _STATE
        if untouched:
            names = (
                "parent",
                "initErrors",
                *_OPTIONS,
                *(("outputs",) if metadata["type"] == SERVICE_PRINCIPAL else ()),
            )
        if found := {name: _plain(state[name]) for name in names if state.get(name)}:
            kept[side] = found
    return kept


def _plain(value: Any) -> Any:
    """Without the engine's and the provider's own notes, and without what is empty."""
    if isinstance(value, dict):
        return {
            name: _plain(item)
            for name, item in value.items()
            if not name.startswith("__") and (isinstance(item, bool | int) or item)
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _place(line: str) -> tuple[str, str]:
    """Sorted by resource. An id in it must not decide: it is another one in the next run."""
    return _IDS.sub("", line), line


def _masked(text: str) -> str:
    """Ids numbered in the order in which they appear."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        found = match[0]
        if _MEANT.fullmatch(found):
            return found
        pattern = re.sub(r"[0-9a-f]", "0", found)
        n = str(len(numbers) + 1)
        return numbers.setdefault(found, f"{pattern[: -len(n)]}{n}")

    return _LOG_TIMES.sub("[2026-01-01T00:00:00Z]", _IDS.sub(number, text))
