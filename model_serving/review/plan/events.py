"""Reads what the engine writes: its event log, or the digest that `pulumi preview --json` prints.

Secrets are gone afterwards: out of values by redact.py, out of messages by credentials.py.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from model_serving.contract.message_parts import message_parts
from model_serving.databricks.resource_types import ROLLOUTS
from model_serving.errors import UserError
from model_serving.review.plan.credentials import Scrubber, secrets_of
from model_serving.review.plan.preview import Origin, Preview, Safeguards, Step, Urn, Violation
from model_serving.review.plan.redact import Redactor

_HOOK_FRAME = re.compile(r'(?:\w+ failed: )?(?:before|after) hook "(?P<hook>[^"]+)" failed: ')

Event: TypeAlias = Mapping[str, Any]


class UnreadablePreviewError(UserError):
    """The file is not a preview. The message names it and says what was expected."""


def read_events(file: Path) -> Preview:
    """An event log, as `pulumi preview --event-log FILE` writes it: one JSON object per line.

    Pulumi accepts the flag with PULUMI_DEBUG_COMMANDS=1 only. Raises UnreadablePreviewError.
    """
    return from_events(load_events(file))


def load_events(file: Path) -> list[Event]:
    """The events of an event log. Raises UnreadablePreviewError."""
    # Not `splitlines`: a text in an event may hold a character that Python takes for the end of a line.
    lines = enumerate(_text(file).split("\n"), 1)
    return [_object(line, f"{file}:{number}") for number, line in lines if line.strip()]


def read_digest(file: Path) -> Preview:
    """What `pulumi preview --json` prints. It has no policy violations. Raises UnreadablePreviewError."""
    digest = _object(_text(file), str(file))
    if "steps" not in digest and "diagnostics" not in digest:
        raise UnreadablePreviewError(f'{file}: no "steps" in it; use the output of `pulumi preview --json`')
    redactor = Redactor()
    steps = [_step(redactor, _as_event(step)) for step in digest.get("steps") or ()]
    return _preview(redactor, steps, diagnostics=digest.get("diagnostics") or (), complete="changeSummary" in digest)


def from_events(events: Sequence[Event]) -> Preview:
    """A preview from the engine's events, in their order."""
    redactor = Redactor()
    return _preview(
        redactor,
        [_step(redactor, metadata) for event in events if (metadata := step_metadata(event))],
        violations=_payloads(events, "policyEvent"),
        diagnostics=_payloads(events, "diagnosticEvent"),
        packs=_packs(events),
        complete=any("summaryEvent" in event for event in events),
    )


def step_metadata(event: Event) -> Event | None:
    """The step that an event reports: a refresh at its end, when it has a result, any other operation at its start."""
    kind = "resOutputsEvent" if "resOutputsEvent" in event else "resourcePreEvent"
    metadata: Event | None = event.get(kind, {}).get("metadata")
    return metadata if metadata and (metadata["op"] == "refresh") == (kind == "resOutputsEvent") else None


def _preview(
    redactor: Redactor,
    steps: list[Step],
    *,
    violations: Iterable[Event] = (),
    diagnostics: Iterable[Event] = (),
    packs: tuple[str, ...] = (),
    complete: bool,
) -> Preview:
    scrub = Scrubber(redactor.hidden_texts | secrets_of())
    messages: dict[str, set[str]] = {}
    origins: dict[str, Origin] = {}
    remarks: dict[str, set[str]] = {}
    for each in diagnostics:
        text, hook = _without_frame(scrub(_uncoloured(each.get("message", ""))).strip())
        messages.setdefault(each.get("severity", ""), set()).add(text)
        if each.get("urn"):
            origins[text] = Origin(str(each["urn"]), hook)
        if each.get("urn") and each.get("severity") == "info":
            remarks.setdefault(str(each["urn"]), set()).add(text)
    return Preview(
        stack=next((step.urn.stack for step in steps), ""),
        # What the state remembers of rollouts is bookkeeping: no report shows it, and no digest covers it.
        steps=tuple(step for step in steps if step.type not in ROLLOUTS),
        kept=tuple(step for step in steps if step.type in ROLLOUTS and step.op != "refresh"),
        # Sorted: the engine works on several resources at once, in an order of its own.
        violations=tuple(sorted({_violation(scrub, event) for event in violations})),
        errors=tuple(sorted(messages.get("error", set()) - {""})),
        origins={text: origins[text] for text in sorted(origins)},
        warnings=tuple(sorted(messages.get("warning", set()) - {""})),
        remarks={urn: tuple(sorted(texts)) for urn, texts in remarks.items()},
        packs=packs,
        complete=complete,
    )


def _payloads(events: Sequence[Event], *kinds: str) -> list[Event]:
    return [event[kind] for event in events for kind in kinds if kind in event]


def _packs(events: Sequence[Event]) -> tuple[str, ...]:
    reports = _payloads(events, "policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent", "policyEvent")
    names = {f"{each['policyPackName']} {each.get('policyPackVersion') or ''}".strip() for each in reports}
    return tuple(sorted(names))


def _as_event(step: Event) -> Event:
    """A step of the digest under the names of the event log."""
    names = {"oldState": "old", "newState": "new", "replaceReasons": "keys", "diffReasons": "diffs"}
    return {names.get(name, name): value for name, value in step.items()}


def _step(redactor: Redactor, metadata: Event) -> Step:
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    detailed = metadata.get("detailedDiff") or {}
    return Step(
        op=str(metadata["op"]),
        urn=Urn(str(metadata["urn"])),
        parent=Urn(str((new or old).get("parent") or "")),
        old=redactor.redact(old.get("inputs") or {}),
        new=redactor.redact(new.get("inputs") or {}),
        outputs=redactor.redact(old.get("outputs") or {}),
        forced_by=_forcing(metadata.get("keys") or (), detailed),
        differs=tuple(sorted({*(metadata.get("diffs") or ()), *detailed})),
        safeguards_before=_safeguards(old),
        safeguards_after=_safeguards(new),
        gone=bool(old) and not new,
        unfinished=bool(old.get("initErrors")),
        id=str(old.get("id") or new.get("id") or ""),
        old_urn=_old_urn(old, new),
        provider=_provider(metadata, new or old),
    )


def _old_urn(old: Event, new: Event) -> str:
    """The URN in the state where the program has another one."""
    before, after = str(old.get("urn") or ""), str(new.get("urn") or "")
    return before if before and after and before != after else ""


def _provider(metadata: Event, state: Event) -> str:
    """The URN of the provider, without the id that the engine gives it: `URN::ID`."""
    return str(metadata.get("provider") or state.get("provider") or "").rpartition("::")[0]


def _safeguards(state: Event) -> Safeguards | None:
    return Safeguards(bool(state.get("protect")), bool(state.get("retainOnDelete"))) if state else None


def _forcing(keys: Iterable[str], detailed: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths that force a replacement: the exact ones if the provider reports them, else the inputs' names."""
    kinds = {path: str(change.get("diffKind") or change.get("kind")) for path, change in detailed.items()}
    return tuple(sorted({path for path, kind in kinds.items() if kind.endswith("replace")} or set(keys)))


def _violation(scrub: Scrubber, event: Event) -> Violation:
    text = scrub(_uncoloured(str(event.get("message") or ""))).strip()
    # The engine puts the policy's description on a line before the message.
    description, _, message = text.partition("\n")
    parts = message_parts(message.strip() or description)
    return Violation(
        level=str(event.get("enforcementLevel") or "mandatory"),
        rule=str(event["policyName"]),
        urn=str(event.get("resourceUrn") or ""),
        message=parts.message,
        description=description,
        pack=str(event.get("policyPackName") or ""),
        field=parts.field,
        fixes=parts.fixes,
    )


def _without_frame(message: str) -> tuple[str, str]:
    """A message without what the engine writes around a hook's own, and the hook's name.

    Source: Pulumi, pkg/resource/deploy: `before hook %q failed: %w`, after `Preview failed: ` or `Update failed: `.
    """
    match = _HOOK_FRAME.match(message)
    return (message[match.end() :], match["hook"]) if match else (message.removeprefix("Preview failed: "), "")


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
        value = json.loads(text)
    except ValueError as error:
        message = f"{where}: not JSON ({error}); an event log has one JSON object per line"
        raise UnreadablePreviewError(message) from error
    if not isinstance(value, dict):
        raise UnreadablePreviewError(f"{where}: expected a JSON object, not {type(value).__name__}")
    return value
