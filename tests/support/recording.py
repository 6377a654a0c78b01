"""The engine's event log without what differs from run to run: the same change gives the same recording."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from model_serving.databricks.resource_types import (
    MODEL_SERVING,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_SECRET,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.databricks.special_values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_VALUES
from model_serving.review.plan.events import step_metadata
from model_serving.spec.endpoint_resources import is_successor, key_of

_OPTIONS = ("protect", "retainOnDelete")
_STATE = ("parent", "inputs", "outputs", "initErrors", *_OPTIONS)
_DIAGNOSTIC = ("severity", "message", "urn")
_PACK = ("policyPackName", "policyPackVersion")
_RECORDED = {
    "policyEvent": ("policyName", *_PACK, "enforcementLevel", "message", "resourceUrn"),
    "policyAnalyzeSummaryEvent": _PACK,
    "summaryEvent": ("isPreview",),
}
_IDS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|\b\d{15,16}\b")
_MEANINGFUL = re.compile("|".join((SIGNATURE_KEY, SECRET_SIGNATURE, *UNKNOWN_VALUES)))
"""Ids that mean the same in every run: what marks a secret, and what is not known yet."""
_LOG_TIMES = re.compile(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\]")
"""When a line of a build log was written."""
_MINUTES = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC")
"""When the metrics and the tables of an endpoint were read."""
_EXPIRY = re.compile(r'("expireTime": ")[^"]+"')
"""The end of a secret, two years after the recording."""
_SIZES = "config"
"""The input of an endpoint that its cost is from, whether anything changes or not."""
_READ_OF_UNTOUCHED = {SERVICE_PRINCIPAL: None, SERVICE_PRINCIPAL_SECRET: ("expireTime",)}
"""The types whose outputs are read though nothing changes, and which outputs; None for all."""


def recorded(events: Path, workspace: str) -> str:
    """The events as lines, sorted: the engine works on several resources at once, in an order of its own."""
    lines: dict[str, None] = {}
    every = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    migrating = _migrating(every)
    for event in every:
        if kept := _kept(event, migrating):
            lines[json.dumps(kept, sort_keys=True, ensure_ascii=False)] = None
    text = "\n".join(sorted(lines, key=_by_resource)) + "\n"
    return _masked(text.replace(workspace, "http://127.0.0.1:8787"))


def _migrating(events: Iterable[Mapping[str, Any]]) -> set[str]:
    """The keys of endpoints that have a successor: the review compares both, whether anything changes or not."""
    urns = (str(metadata["urn"]) for event in events if (metadata := step_metadata(event)))
    names = (urn.rpartition("::")[2] for urn in urns if f"::{SERVING_ENDPOINT_COMPONENT}::" in urn)
    return {key_of(name) for name in names if is_successor(name)}


def _kept(event: Mapping[str, Any], migrating: Collection[str]) -> dict[str, Any] | None:
    """What a review reads of an event; None for an event that it doesn't read."""
    if metadata := step_metadata(event):
        kind = "resOutputsEvent" if metadata["op"] == "refresh" else "resourcePreEvent"
        urn = str(metadata["urn"])
        names = {urn.rpartition("::")[2], str((metadata.get("new") or {}).get("parent")).rpartition("::")[2]}
        is_migrating = SERVING_ENDPOINT_COMPONENT in urn and any(key_of(name) in migrating for name in names)
        return {kind: {"metadata": _metadata(metadata, whole=is_migrating)}}
    diagnostic = event.get("diagnosticEvent", {})
    # The engine's own "info" is about the stack; the program's is about an endpoint that is retired.
    is_remark = diagnostic.get("severity") == "info" and f"{SERVING_ENDPOINT_COMPONENT}$" in diagnostic.get("urn", "")
    if diagnostic.get("severity") in {"error", "warning"} or is_remark:
        return {"diagnosticEvent": {name: diagnostic[name] for name in _DIAGNOSTIC if name in diagnostic}}
    for kind, wanted in _RECORDED.items():
        if kind in event:
            return {kind: {name: event[kind][name] for name in wanted if name in event[kind]}}
    return None


def _metadata(metadata: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """What a review reads of a step; `whole` keeps what nothing changes, too."""
    untouched = metadata["op"] in {"same", "refresh"} and not metadata.get("diffs") and metadata.get("new")
    untouched = untouched and not whole
    kept = {name: metadata[name] for name in ("op", "urn", "keys", "diffs", "detailedDiff") if metadata.get(name)}
    for side in ("old", "new"):
        state = metadata.get(side) or {}
        names: tuple[str, ...] = _STATE
        if untouched:
            names = (
                "parent",
                "initErrors",
                *_OPTIONS,
                *(("outputs",) if metadata["type"] in _READ_OF_UNTOUCHED else ()),
            )
        if wanted := _READ_OF_UNTOUCHED.get(metadata["type"]):
            outputs = state.get("outputs") or {}
            state = {**state, "outputs": {name: outputs[name] for name in wanted if name in outputs}}
        if untouched and metadata["type"] == MODEL_SERVING and side == "new":
            names, state = (*names, "inputs"), {**state, "inputs": {_SIZES: (state.get("inputs") or {}).get(_SIZES)}}
        if kept_state := {name: _without_notes(state[name]) for name in names if state.get(name)}:
            kept[side] = kept_state
    return kept


def _without_notes(value: Any) -> Any:
    """A value without the engine's and the provider's own notes, and without empty parts."""
    if isinstance(value, dict):
        return {
            name: _without_notes(item)
            for name, item in value.items()
            if not name.startswith("__") and (isinstance(item, bool | int) or item)
        }
    return [_without_notes(item) for item in value] if isinstance(value, list) else value


def _by_resource(line: str) -> tuple[str, str]:
    """The order by resource. Ids must not decide: they differ in the next run."""
    return _IDS.sub("", line), line


def _masked(text: str) -> str:
    """The text with ids numbered in the order in which they appear."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        identifier = match[0]
        if _MEANINGFUL.fullmatch(identifier):
            return identifier
        pattern = re.sub(r"[0-9a-f]", "0", identifier)
        n = str(len(numbers) + 1)
        return numbers.setdefault(identifier, f"{pattern[: -len(n)]}{n}")

    text = _EXPIRY.sub(r'\g<1>2028-01-01T00:00:00Z"', text)
    text = _MINUTES.sub("2026-01-01 00:00 UTC", text)
    return _LOG_TIMES.sub("[2026-01-01T00:00:00Z]", _IDS.sub(number, text))
