"""What the state remembers of an earlier rollout, where that decides what deploying this change does."""

from collections.abc import Iterator, Mapping

from model_serving.databricks.resource_types import MODEL_SERVING, ROLLOUT_RECORD
from model_serving.review.assess.families import PREDECESSOR
from model_serving.review.assess.grouping import owners
from model_serving.review.assess.served_entities import entities, percentages
from model_serving.review.plan.notices import Notice, NoticeKind
from model_serving.review.plan.preview import Preview, Step
from model_serving.spec.rollout_record import Record, Status, record_from, split_text

_SUFFIX = "-rollout"
_MINUTES = len("2026-11-21T18:30")


def rollout_notices(preview: Preview) -> Iterator[Notice]:
    """A notice for each endpoint whose last rollout to the declared target failed, or has not ended.

    What the state remembers of a predecessor is from before the migration: its traffic moves with its endpoint's now.
    """
    owner_of = owners(preview.steps)
    records = {step.urn.name.removesuffix(_SUFFIX): step for step in preview.kept if step.type == ROLLOUT_RECORD}
    for step in preview.steps:
        kind, key = owner_of[step.urn.text]
        if step.type != MODEL_SERVING or step.op == "refresh" or kind == PREDECESSOR:
            continue
        record = _record(records.get(step.urn.name))
        if record and _is_declared(record, step):
            yield from _notice(preview.stack, key, record)


def _record(step: Step | None) -> Record | None:
    """The record in the state; None where there is none, or by another version of this library."""
    text = step.outputs.get("record") if step else None
    try:
        return record_from(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _is_declared(record: Record, step: Step) -> bool:
    labels = {name: each.label for name, each in entities(step.new).items()}
    return _served(record.target) == _served(percentages(step.new)) and dict(record.entities) == labels


def _served(split: Mapping[str, int]) -> dict[str, int]:
    return {name: share for name, share in split.items() if share}


def _notice(stack: str, key: str, record: Record) -> Iterator[Notice]:
    when = record.entries[-1].time[:_MINUTES].replace("T", " ") if record.entries else "?"
    target = split_text(record.target)
    if record.status is Status.FAILED:
        text = (
            f"The rollout of `{key}` to {target} failed on {when} UTC at {_quoted(record.reason)}. It"
            f" {record.where_it_is}, and the stack files declare {target}: deploying this change starts the rollout"
            " again"
        )
        yield Notice(NoticeKind.ROLLOUT, text)
    elif not record.status.is_over:
        at, is_back = f"{split_text(record.split)} on {when} UTC", record.status is Status.GOING_BACK
        next_ = f"goes back: it failed at {_quoted(record.reason)}" if is_back else "goes on"
        was = "it was on its way back to" if is_back else "it was at"
        text = f"A rollout of `{key}` to {target} has not ended: {was} {at}. Deploying {next_}"
        yield Notice(NoticeKind.ROLLOUT, text, fix=f"model-serving status {key} --stack {stack}")


def _quoted(reason: str) -> str:
    return f"`{reason.replace('`', '')}`"
