"""The steps of a rollout: when, which split, the figures of the gate, and how each ended."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_serving.measures import latency_text, percent_text
from model_serving.review.render.escape import code, escaped
from model_serving.spec.rollout_record import Entry, Record, Status, Verdict, split_text

_SIGNS: Final = {
    Verdict.RUNNING: "⏳",
    Verdict.PASSED: "✅",
    Verdict.REACHED: "🏁",
    Verdict.FAILED: "❌",
    Verdict.BACK: "↩️",
    Verdict.STOPPED: "⏹️",
}
_TO_SECONDS: Final = len("2026-11-21T18:30:00")


def rollouts_text(rollouts: Mapping[str, Record]) -> str:
    """The last rollout of each endpoint for a terminal: a line for each step."""
    return "\n".join(line for key, record in rollouts.items() for line in _text(key, record))


def _text(key: str, record: Record) -> Iterator[str]:
    yield f"Rollout of {key} to {split_text(record.target)}: {_outcome(record)}"
    rows = [(_time(each), split_text(each.split), each.verdict.value, _why(each)) for each in _of_last_run(record)]
    width = max((len(row[1]) for row in rows), default=0)
    for time, split, verdict, why in rows:
        yield f"  {time}  {split:{width}}  {verdict:7}  {why}".rstrip()


def rollouts_markdown(rollouts: Mapping[str, Record]) -> str:
    """The same as Markdown: a table for each endpoint."""
    return "\n\n".join(_table(key, record) for key, record in rollouts.items())


def _table(key: str, record: Record) -> str:
    lines = [f"### 🚦 Rollout of {code(key)}: {escaped(_outcome(record))}", ""]
    lines += ["| from (UTC) | traffic | | figures |", "| --- | --- | --- | --- |"]
    for each in _of_last_run(record):
        cells = (_time(each), escaped(split_text(each.split)), f"{_SIGNS[each.verdict]} {each.verdict}")
        lines.append(f"| {' | '.join((*cells, escaped(_why(each))))} |")
    return "\n".join(lines)


def _outcome(record: Record) -> str:
    if record.status in (Status.FAILED, Status.GOING_BACK):
        return f"failed at {record.reason}"
    return {Status.REACHED: "reached its target", Status.RUNNING: "not finished"}[record.status]


def _of_last_run(record: Record) -> list[Entry]:
    return [each for each in record.entries if each.run == record.run]


def _time(entry: Entry) -> str:
    return entry.time[:_TO_SECONDS].replace("T", " ")


def _why(entry: Entry) -> str:
    return "; ".join(filter(None, (entry.reason, figures_text(entry.figures))))


def figures_text(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """`challenger: 1,203 requests, errors 0.2 %, p95 45 ms`, for each served entity."""
    return "; ".join(f"{entity}: {', '.join(_values(each))}" for entity, each in figures.items() if entity)


def _values(values: Mapping[str, Any]) -> Iterator[str]:
    yield f"{values.get('requests', 0):,} requests"
    if (rate := values.get("error_rate")) is not None:
        yield f"errors {percent_text(rate)}"
    if (p95 := values.get("p95_ms")) is not None:
        yield f"p95 {latency_text(p95)}"
