"""The parts of a shadow report that every format shows: sentences, and tables as rows of texts."""

from collections.abc import Iterator, Mapping

from model_serving.measures import elapsed_text, latency_text, percent_text
from model_serving.operations.shadow.answer_figures import AnswerFigures
from model_serving.operations.shadow.report import FieldReport, ShadowReport

_MOST_FIELDS = 20


def headline(report: ShadowReport) -> str:
    """What was compared, and how often both sides agree."""
    if report.agreement is None:
        return f"{report.entity} of {report.endpoint}: no answers of {report.source} could be compared"
    return (
        f"{report.entity} of {report.endpoint} agrees with the {_live(report)} answers to {report.agreeing} of"
        f" {report.compared} requests of {report.source} ({percent_text(report.agreement)})"
    )


def figure_rows(report: ShadowReport) -> list[tuple[str, ...]]:
    """Requests, errors and latency of both sides."""
    sides = (report.live, report.shadow)
    rows = [
        ("", _live(report), report.entity),
        ("requests", *(str(side.requests) for side in sides)),
        ("errors", *(_errors(side) for side in sides)),
    ]
    rows += [
        (name, *(latency_text(getattr(side, f"{name}_ms")) for side in sides))
        for name in ("mean", "p50", "p95", "p99", "max")
    ]
    if report.texts:
        rows.append(("mean length of a text", f"{report.texts.live:.0f}", f"{report.texts.shadow:.0f}"))
    return rows


def field_rows(report: ShadowReport) -> list[tuple[str, ...]]:
    """The fields that differ, with the absolute differences of numbers; empty if none differs."""
    if not report.fields:
        return []
    head = ("field", "differs", "mean difference", "p50", "p95", "max")
    return [head, *(_field_row(each) for each in report.fields[:_MOST_FIELDS])]


def notes(report: ShadowReport) -> Iterator[str]:
    """What a reader needs to know to judge the figures."""
    if len(report.fields) > _MOST_FIELDS:
        yield f"{len(report.fields) - _MOST_FIELDS} more fields differ: the report in JSON has them."
    if report.skipped:
        yield f"Not replayed: {_listed(report.skipped)}."
    if report.recorded:
        yield (
            "Recorded times are those of the model alone. Those of the replay include the network, so the comparison is"
            " strict."
        )
    if report.texts:
        yield "Chat answers agree if their texts and tool calls are the same. Many agents never word an answer twice."
    elif report.tolerance:
        yield f"Numbers agree within {report.tolerance:g} of their value."
    yield (
        f"Sent in {elapsed_text(report.seconds)}. The replayed requests are in the endpoint's inference table and"
        " metrics, too: their client_request_id begins with model-serving-shadow/, and a later shadow run leaves them"
        " out."
    )


def _live(report: ShadowReport) -> str:
    return "recorded" if report.recorded else "live"


def _field_row(field: FieldReport) -> tuple[str, ...]:
    numbers = field.numbers
    figures = (numbers.mean, numbers.p50, numbers.p95, numbers.maximum) if numbers else ()
    texts = tuple(f"{figure:.3g}" for figure in figures) or ("",) * 4
    return (field.path, f"{field.differing} of {field.compared}", *texts)


def _errors(side: AnswerFigures) -> str:
    if not side.failed:
        return "0"
    return f"{side.failed} ({percent_text(side.error_rate)}): {_listed(side.errors)}"


def _listed(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} x {what}" for what, number in numbers.items())
