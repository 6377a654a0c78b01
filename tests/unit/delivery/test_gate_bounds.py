"""The bounds of a gate against the figures of a window."""

from collections.abc import Mapping
from typing import Any

import pytest

from model_serving.databricks.metrics.figures import Figures
from model_serving.databricks.metrics.sample import Load
from model_serving.delivery.rollout.gate.bounds import broken_bounds, unknown_figures
from model_serving.delivery.rollout.gate.step import BakingStep
from model_serving.spec.vocabulary.rollout import Gate

STEP = BakingStep("prod", "fraud", {"champion": 75, "challenger": 25}, frozenset({"challenger"}), 600.0)


def figures(requests: int, failed: int = 0, p95: float | None = 50.0) -> Figures:
    rate = failed / requests if requests else None
    return Figures(requests, 60.0, requests / 60, failed, 0, rate, 20.0, p95 if requests else None, 99.0, Load())


def gate(**fields: Any) -> Gate:
    return Gate.model_validate(fields)


def judged(declared: Gate, by_entity: Mapping[str, Figures], *, early: bool = False) -> list[str]:
    return [str(each) for each in broken_bounds(declared, by_entity, STEP, early=early)]


def test_every_broken_bound_is_named_at_once() -> None:
    declared = gate(
        errors_below="1%",
        p95_below="80ms",
        compare={"against": "champion", "p95_at_most": "1.2x", "errors_at_most": "2x"},
    )
    found = judged(declared, {"champion": figures(1200, 12), "challenger": figures(400, 20, 123.4)})
    assert found == [
        "challenger: errors: 5 % (20 failed) of 400 requests (bound: below 1 %)",
        "challenger: p95: 123.4 ms of 400 requests (bound: below 80 ms)",
        "challenger: errors: 5 % (20 failed) of 400 requests (bound: at most 2x those of champion, 1 % (12 failed))",
        "challenger: p95: 123.4 ms of 400 requests (bound: at most 60 ms, 1.2x that of champion)",
    ]


def test_figures_within_the_bounds_break_nothing() -> None:
    declared = gate(errors_below="1%", p95_below="80ms", compare={"against": "champion", "p95_at_most": "1.2x"})
    within = {"champion": figures(1000), "challenger": figures(400, 3, 60.0)}
    assert judged(declared, within) == []
    assert unknown_figures(declared, within, STEP) == []


def test_the_others_may_break_what_they_like() -> None:
    declared = gate(errors_below="1%", p95_below="80ms")
    assert judged(declared, {"champion": figures(900, 900, 900.0), "challenger": figures(400)}) == []


def test_a_window_that_is_too_small_breaks_no_bound() -> None:
    declared = gate(errors_below="1%", requests_at_least=50)
    small = {"challenger": figures(49, 49)}
    assert judged(declared, small) == []
    assert unknown_figures(declared, small, STEP) == [
        "challenger answered 49 requests since the step began, the gate needs 50"
    ]


@pytest.mark.parametrize(
    ("own", "early", "late"),
    [
        (figures(3, 1), 0, 1),
        (figures(3, 2), 1, 1),
        (figures(19, 0, 900.0), 0, 1),
        (figures(20, 0, 900.0), 1, 1),
    ],
)
def test_one_request_alone_ends_no_bake_early(own: Figures, early: int, late: int) -> None:
    declared = gate(errors_below="1%", p95_below="80ms")
    assert len(judged(declared, {"challenger": own}, early=True)) == early
    assert len(judged(declared, {"challenger": own})) == late


def test_an_entity_without_errors_compares_as_with_one() -> None:
    declared = gate(compare={"against": "champion", "errors_at_most": "2x"})
    assert judged(declared, {"champion": figures(1000), "challenger": figures(1000, 2)}) == []
    assert len(judged(declared, {"champion": figures(1000), "challenger": figures(1000, 3)})) == 1


def test_too_few_requests_to_compare_with_are_named() -> None:
    declared = gate(requests_at_least=10, compare={"against": "champion", "p95_at_most": "1.2x"})
    seen = {"champion": figures(2), "challenger": figures(400, 0, 900.0)}
    assert judged(declared, seen) == []
    assert unknown_figures(declared, seen, STEP) == [
        "champion answered 2 requests since the step began, the gate needs 10, to compare with"
    ]


def test_a_workspace_without_latencies_can_t_be_judged() -> None:
    declared = gate(p95_below="80ms")
    assert unknown_figures(declared, {"challenger": figures(400, 0, None)}, STEP) == [
        "The workspace reports no latencies of challenger"
    ]


@pytest.mark.parametrize(
    ("declared", "is_needed"),
    [
        (gate(smoke=True), False),
        (gate(smoke=True, requests_at_least=5), True),
        (gate(errors_below="1%"), True),
    ],
)
def test_requests_are_needed_where_figures_are_judged(declared: Gate, *, is_needed: bool) -> None:
    assert bool(unknown_figures(declared, {}, STEP)) is is_needed
