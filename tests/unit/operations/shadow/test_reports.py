"""Bounds on a shadow run, and its report in each format."""

import json
from dataclasses import replace

import pytest

from model_serving.operations.shadow.answer_figures import AnswerFigures, figures_of
from model_serving.operations.shadow.render_files import json_text, markdown
from model_serving.operations.shadow.render_text import text
from model_serving.operations.shadow.report import FieldReport, NumberDifferences, ShadowReport, TextLengths
from model_serving.operations.shadow.thresholds import Thresholds

REPORT = ShadowReport(
    endpoint="fraud",
    entity="challenger",
    source="main.ml.fraud_payload",
    recorded=True,
    compared=200,
    agreeing=197,
    live=figures_of([10.0] * 200, []),
    shadow=figures_of([float(time) for time in range(1, 198)], ["500", "500", "no answer"]),
    fields=(FieldReport("predictions[].score", 200, 3, NumberDifferences(0.01, 0.0, 0.02, 0.5)),),
    skipped={"answered with an error": 4},
    seconds=40.0,
    tolerance=1e-6,
)


def test_percentiles_are_interpolated() -> None:
    figures = figures_of([float(number) for number in range(101)], [])
    assert (figures.p50_ms, figures.p95_ms, figures.p99_ms, figures.max_ms) == (50.0, 95.0, 99.0, 100.0)
    assert figures_of([7.0], []).p99_ms == 7.0


def test_held_bounds_break_nothing() -> None:
    bounds = Thresholds(agreement_at_least=0.98, errors_at_most=0.02, p95_factor_at_most=20, p95_ms_at_most=200)
    assert bounds.broken(REPORT) == ()


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        (Thresholds(agreement_at_least=0.99), "agreement is 98.5 %; at least 99 %"),
        (Thresholds(errors_at_most=0.01), "error rate is 1.5 %; at most 1 %"),
        (Thresholds(p95_factor_at_most=1.2), "p95 relative to live is 18.72x; at most 1.20x"),
        (Thresholds(p95_ms_at_most=80), "p95 is 187.2 ms; at most 80 ms"),
    ],
)
def test_a_broken_bound_has_its_figure(bounds: Thresholds, sentence: str) -> None:
    assert [str(each) for each in bounds.broken(REPORT)] == [sentence]


def test_a_bound_on_nothing_is_broken() -> None:
    nothing = replace(REPORT, compared=0, agreeing=0, live=AnswerFigures(0), shadow=AnswerFigures(0))
    bounds = Thresholds(agreement_at_least=0.5, errors_at_most=0.5, p95_factor_at_most=2, p95_ms_at_most=100)
    broken = bounds.broken(nothing)
    assert len(broken) == 4
    assert {each.value for each in broken} == {None}
    assert str(broken[0]) == "agreement is unknown; at least 50 %"


def test_text_has_figures_and_what_is_left_out() -> None:
    shown = text(REPORT, Thresholds(agreement_at_least=0.99).broken(REPORT))
    first, *_, last = shown.splitlines()
    assert first == (
        "challenger of fraud agrees with the recorded answers to 197 of 200 requests of main.ml.fraud_payload (98.5 %)"
    )
    assert "3 (1.5 %): 2 x 500, 1 x no answer" in shown
    assert "Not replayed: 4 x answered with an error." in shown
    assert last == "BROKEN: agreement is 98.5 %; at least 99 %"


def test_markdown_escapes_the_names_of_fields() -> None:
    odd = FieldReport("predictions[].<b>|`x`", 1, 1)
    shown = markdown(replace(REPORT, fields=(odd,)))
    assert "| predictions[].&lt;b>\\|\\`x\\` | 1 of 1 |" in shown


def test_markdown_is_one_table_row_for_each_field() -> None:
    shown = markdown(REPORT, Thresholds(errors_at_most=0.01).broken(REPORT))
    assert shown.startswith("### Shadow run of challenger: failed\n")
    assert "- **Broken bound:** error rate is 1.5 %; at most 1 %" in shown
    assert "| predictions[].score | 3 of 200 | 0.01 | 0 | 0.02 | 0.5 |" in shown


def test_json_has_rates_as_fractions() -> None:
    report = json.loads(json_text(REPORT, Thresholds(errors_at_most=0.01).broken(REPORT)))
    assert (report["agreement"], report["shadow"]["error_rate"]) == (0.985, 0.015)
    assert report["broken"] == [{"figure": "error rate", "value": 0.015, "bound": 0.01}]


def test_chat_answers_have_lengths() -> None:
    shown = text(replace(REPORT, texts=TextLengths(120.0, 80.4)))
    assert "mean length of a text" in shown
    assert "Chat answers agree if their texts and tool calls are the same" in shown
