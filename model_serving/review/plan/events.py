"""Reading what the engine writes: its event log, and the digest that `pulumi preview --json` prints.

Secrets are gone when this is done: out of values by values.py, out of messages by scrub.py.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from model_serving.errors import UserError
from model_serving.review.plan.credentials import Scrubber, secrets_of
from model_serving.review.plan.preview import Preview, Safeguards, Step, Urn, Violation
from model_serving.review.plan.redact import Reader

Event = Mapping[str, Any]


class UnreadablePreviewError(UserError):
    """The file is not a preview. The text names it and says what was expected."""


def read_events(file: Path) -> Preview:
    """An event log, as `pulumi preview --event-log FILE` writes it: one JSON object a line.

    The flag shows up with PULUMI_DEBUG_COMMANDS=1. Raises UnreadablePreviewError.
    """
    lines = enumerate(_text(file).splitlines(), 1)
    return from_events([_object(line, f"{file}:{number}") for number, line in lines if line.strip()])


def read_digest(file: Path) -> Preview:
    """What `pulumi preview --json` prints. Policies have no word in it. Raises UnreadablePreviewError."""
    digest = _object(_text(file), str(file))
    if "steps" not in digest and "diagnostics" not in digest:
        raise UnreadablePreviewError(f'{file}: no "steps" in it; `pulumi preview --json` writes them')
    reader = Reader()
    steps = [_step(reader, _as_event(step)) for step in digest.get("steps") or ()]
    return _preview(reader, steps, diagnostics=digest.get("diagnostics") or (), complete="changeSummary" in digest)


def from_events(events: Sequence[Event]) -> Preview:
    """A preview from the engine's events, in their order."""
    reader = Reader()
    return _preview(
        reader,
        list(_steps(reader, events)),
        violations=_each(events, "policyEvent"),
        diagnostics=_each(events, "diagnosticEvent"),
        packs=_packs(events),
        complete=any("summaryEvent" in event for event in events),
    )


def _preview(
    reader: Reader,
    steps: list[Step],
    *,
    violations: Iterable[Event] = (),
    diagnostics: Iterable[Event] = (),
    packs: tuple[str, ...] = (),
    complete: bool,
) -> Preview:
    scrub = Scrubber(reader.hidden_texts | secrets_of())
    told = [(each.get("severity"), scrub(_uncoloured(each.get("message", ""))).strip()) for each in diagnostics]
    return Preview(
        stack=next((step.urn.stack for step in steps), ""),
        steps=tuple(steps),
        violations=tuple(sorted({_violation(scrub, event) for event in violations})),
        # Sorted: the engine works on several resources at once, in an order of its own.
        errors=tuple(sorted({message for severity, message in told if severity == "error" and message})),
        warnings=tuple(sorted({message for severity, message in told if severity == "warning" and message})),
        packs=packs,
        complete=complete,
    )


def _each(events: Sequence[Event], kind: str) -> list[Event]:
    return [event[kind] for event in events if kind in event]


def _packs(events: Sequence[Event]) -> tuple[str, ...]:
    kinds = ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent", "policyEvent")
    said = [event for kind in kinds for event in _each(events, kind)]
    return tuple(
        sorted({f"{event['policyPackName']} {event.get('policyPackVersion') or ''}".strip() for event in said})
    )


def _steps(reader: Reader, events: Sequence[Event]) -> Iterator[Step]:
    """A refresh tells what it found only when it is done; every other operation all it has before it starts."""
    for event in events:
        kind = "resOutputsEvent" if "resOutputsEvent" in event else "resourcePreEvent"
        metadata = event.get(kind, {}).get("metadata")
        if metadata and (metadata["op"] == "refresh") == (kind == "resOutputsEvent"):
            yield _step(reader, metadata)


def _as_event(step: Event) -> Event:
    """A step of the digest under the names of the event log."""
    names = {"oldState": "old", "newState": "new", "replaceReasons": "keys", "diffReasons": "diffs"}
    return {names.get(name, name): value for name, value in step.items()}


def _step(reader: Reader, metadata: Event) -> Step:
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    detailed = metadata.get("detailedDiff") or {}
    return Step(
        op=str(metadata["op"]),
        urn=Urn(str(metadata["urn"])),
        parent=Urn(str((new or old).get("parent") or "")),
        old=reader.settle(old.get("inputs") or {}),
        new=reader.settle(new.get("inputs") or {}),
        found=reader.settle(old.get("outputs") or {}),
        forced_by=_forcing(metadata.get("keys") or (), detailed),
        differs=tuple(sorted({*(metadata.get("diffs") or ()), *detailed})),
        safe_before=_safeguards(old),
        safe_after=_safeguards(new),
        gone=bool(old) and not new,
        unfinished=bool(old.get("initErrors")),
    )


def _safeguards(state: Event) -> Safeguards | None:
    """What keeps a resource from being deleted; None where the side is not there."""
    return Safeguards(bool(state.get("protect")), bool(state.get("retainOnDelete"))) if state else None


def _forcing(keys: Iterable[str], detailed: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths that force a replacement: the exact ones where the provider tells them, else the inputs' names."""
    kinds = {path: str(change.get("diffKind") or change.get("kind")) for path, change in detailed.items()}
    return tuple(sorted({path for path, kind in kinds.items() if kind.endswith("replace")} or set(keys)))


def _violation(scrub: Scrubber, event: Event) -> Violation:
    text = scrub(_uncoloured(str(event.get("message") or ""))).strip()
    # The engine puts the policy's description on a line before the message.
    description, _, message = text.partition("\n")
    return Violation(
        level=str(event.get("enforcementLevel") or "mandatory"),
        rule=str(event["policyName"]),
        urn=str(event.get("resourceUrn") or ""),
        message=message.strip() or description,
        description=description,
        pack=str(event.get("policyPackName") or ""),
    )


def _uncoloured(message: str) -> str:
    """Without the engine's colour marks, such as `<{%reset%}>`."""
    first, *rest = message.split("<{%")
    return first + "".join(part.partition("%}>")[2] for part in rest)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadablePreviewError(f"{file}: can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UnreadablePreviewError(f"{file}: not UTF-8 text") from error


def _object(text: str, where: str) -> Event:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UnreadablePreviewError(
            f"{where}: not JSON ({error}); an event log holds one JSON object a line"
        ) from error
    if not isinstance(found, dict):
        raise UnreadablePreviewError(f"{where}: a JSON object is expected; found {type(found).__name__}")
    return found
