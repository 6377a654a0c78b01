"""Staged rollouts in a report: the steps of the traffic, what they must pass, and changes of the declaration."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from model_serving.review.assess.report import Report, Verdict
from model_serving.review.assess.resource_change import Action
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import markdown
from model_serving.review.render.terminal import text
from model_serving.spec import load_stack
from model_serving.spec.rollout_steps import remaining_splits
from tests.support.golden_cases import CASES, report_on
from tests.support.reports import backticked, impacts_of, report_of

Inputs = Callable[..., dict[str, Any]]
Planned = Callable[..., dict[str, Any]]
Reported = Callable[..., Report]

COMPONENT = "model-serving:index:ServingEndpoint"
ROLLOUT: dict[str, Any] = {"steps": [5, 25, 50], "bake": "10m"}
GATE = {
    "errors_below": "1%",
    "p95_below": "80ms",
    "smoke": True,
    "compare": {"against": "champion", "p95_at_most": "1.2x"},
    "command": ["./check.sh", "--strict"],
    "shadow": {"requests": "requests/fraud.json", "agreement_at_least": "99%"},
}
GATED = {**ROLLOUT, "gate": GATE}


@pytest.fixture
def reported(plan: Planned, inputs: Inputs) -> Reported:
    """The report on an endpoint whose traffic and rollout change; None for no rollout."""

    def config(split: dict[str, int]) -> dict[str, Any]:
        entities = [{"name": name, "entityName": "main.ml.fraud", "entityVersion": "7"} for name in split]
        routes = [{"servedModelName": name, "trafficPercentage": share} for name, share in split.items()]
        return {"servedEntities": entities, "trafficConfig": {"routes": routes}}

    def make(
        live: dict[str, int], target: dict[str, int], new: dict[str, Any] | None, old: dict[str, Any] | None = None
    ) -> Report:
        sides = [{"rollout": each} if each else {} for each in (old, new)]
        component = plan("same" if old == new else "update", "fraud", *sides, COMPONENT)
        component["resourcePreEvent"]["metadata"]["urn"] = f"urn:pulumi:prod::model-serving::{COMPONENT}::fraud"
        before, after = (inputs("fraud", config=config(split)) for split in (live, target))
        return report_of(component, plan("same" if live == target else "update", "fraud", before, after))

    return make


LIVE, TARGET = {"champion": 100, "challenger": 0}, {"champion": 0, "challenger": 100}
HALFWAY = {"champion": 75, "challenger": 25}


def section(report: Report) -> str:
    """The comment from the line on the rollout to the end of its table."""
    _, _, rest = markdown(report).partition("- 🪜 ")
    lines = rest.partition("\n\n↩️")[0].partition("\n\n<details>")[0]
    return lines.strip()


def test_comment_draws_the_steps(reported: Reported) -> None:
    assert section(reported(LIVE, TARGET, ROLLOUT, ROLLOUT)) == (
        "**rollout** · `model-serving deploy` goes through 4 steps, at least 30 min\n"
        "  - each step serves 10 min, and there is no gate: it fails only if its deployment does\n"
        "  - if a step fails, traffic goes back to the split before the rollout\n"
        "\n"
        "| | `champion` | `challenger` |\n"
        "| --- | --- | --- |\n"
        "| now | 100 % | 0 % |\n"
        "| 5 % | 95 % | 5 % |\n"
        "| 25 % | 75 % | 25 % |\n"
        "| 50 % | 50 % | 50 % |\n"
        "| target | 0 % | 100 % |"
    )


def test_comment_has_the_gate_in_words(reported: Reported) -> None:
    lines = section(reported(LIVE, TARGET, {**GATED, "on_failure": "previous_step"}, GATED)).splitlines()
    assert lines[1:7] == [
        "  - each step serves 10 min, then must pass the gate",
        "  - `challenger`: errors below 1 %, p95 below 80 ms, p95 at most 1.2x that of `champion`",
        "  - the endpoint's smoke requests must pass",
        "  - requests of `stacks/requests/fraud.json` are sent again: 99 % of the responses at least must agree",
        "  - the deploy job runs `./check.sh --strict`, which must end with status 0",
        "  - if a step fails, traffic goes back to the split of the step before",
    ]


def test_stopped_rollout_continues(reported: Reported) -> None:
    shown = section(reported(HALFWAY, TARGET, ROLLOUT, ROLLOUT))
    assert shown.startswith(
        "**rollout** · `model-serving deploy` continues from 25 % (5 %, 25 % are behind it) and goes through 2 steps,"
        " at least 10 min\n"
    )
    assert "| now | 75 % | 25 % |\n| 50 % | 50 % | 50 % |\n| target |" in shown


def test_target_past_the_steps_has_no_gate(reported: Reported) -> None:
    shown = section(reported({"champion": 40, "challenger": 60}, TARGET, GATED, GATED))
    behind = "5 %, 25 %, 50 % are behind it, and the target follows at once, without a gate"
    assert behind in shown
    assert "smoke" not in shown


def test_many_moving_entities_are_lines(reported: Reported) -> None:
    live, target = {"a": 70, "b": 20, "c": 10, "d": 0}, {"a": 0, "b": 10, "c": 0, "d": 90}
    shown = section(reported(live, target, {"steps": [45], "bake": "1h"}, None))
    assert "  - now: `a` 70 %, `b` 20 %, `c` 10 %, `d` 0 %\n" in shown
    assert "|" not in shown


def test_report_is_typed_for_programs(reported: Reported) -> None:
    (stack,) = json.loads(as_json([reported(HALFWAY, TARGET, GATED, GATED)]))["stacks"]
    rollout = stack["resources"][0]["rollout"]
    assert rollout["gate"] == {**GATE, "requests_at_least": 1}
    del rollout["gate"]
    assert rollout == {
        "gaining": ["challenger"],
        "live": HALFWAY,
        "steps": [{"share": 50, "traffic": {"champion": 50, "challenger": 50}}, {"share": 100, "traffic": TARGET}],
        "continues_from": 25,
        "bake_seconds": 600,
        "at_least_seconds": 600,
        "on_failure": "start",
    }


def test_terminal_shows_the_steps(reported: Reported) -> None:
    shown = text([reported(LIVE, TARGET, GATED, GATED)], width=110)
    assert "model-serving deploy goes through 4 steps, at least 30 min" in shown
    assert [line.split() for line in shown.splitlines() if line.strip().startswith("25 %")] == [
        ["25", "%", "75", "%", "25", "%"]
    ]


def test_traffic_without_rollout_is_not_drawn(reported: Reported) -> None:
    report = reported(LIVE, TARGET, None)
    assert report.resources[0].rollout is None
    assert "🪜" not in markdown(report)


def test_changed_bake_is_no_write_to_the_workspace(reported: Reported) -> None:
    report = reported(LIVE, LIVE, {**ROLLOUT, "bake": "1m"}, ROLLOUT)
    (change,) = report.resources
    assert (change.action, report.verdict) == (Action.UPDATE, Verdict.FINE)
    assert [(row.label, row.before, row.after) for row in change.fields] == [("rollout.bake", "10m", "1m")]
    assert impacts_of(report) == [("cosmetic", "How traffic moves in steps changes")]
    assert [backticked(write.text) for write in report.order] == [
        "Note the rollout of endpoint `fraud` in Pulumi's state"
    ]


def test_added_rollout_is_not_repeated_beside_its_steps(reported: Reported) -> None:
    drawn, alone = reported(LIVE, TARGET, ROLLOUT), reported(LIVE, LIVE, ROLLOUT)
    assert [risk for risk, _ in impacts_of(drawn)] == ["behaviour"]
    assert impacts_of(alone) == [("cosmetic", "Traffic moves in steps from now on")]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (None, "Traffic no longer moves in steps"),
        (ROLLOUT, "The rollout no longer has `rollout.gate`"),
        (
            {**GATED, "gate": {name: value for name, value in GATE.items() if name != "p95_below"}},
            "The rollout no longer has `rollout.gate.p95_below`",
        ),
    ],
    ids=["rollout", "gate", "bound"],
)
def test_removed_safeguard_needs_approval(reported: Reported, new: dict[str, Any] | None, expected: str) -> None:
    report = reported(LIVE, LIVE, new, GATED)
    assert impacts_of(report) == [("protection", expected)]
    assert report.verdict is Verdict.APPROVAL


@pytest.mark.parametrize("old", [None, ROLLOUT, {**GATED, "gate": {**GATE, "command": ["true"]}}])
def test_command_of_the_deploy_job_needs_approval(reported: Reported, old: dict[str, Any] | None) -> None:
    report = reported(LIVE, LIVE, GATED, old)
    assert ("access", "The deploy job runs `./check.sh --strict` at each step") in impacts_of(report)
    assert report.verdict is Verdict.APPROVAL


@pytest.mark.parametrize(("case", "live"), [("staged-rollout", LIVE), ("stopped-rollout", HALFWAY)])
def test_golden_comment_draws_what_the_stack_file_declares(case: str, live: dict[str, int]) -> None:
    (change,) = report_on(CASES / case).resources
    endpoint = load_stack("local", CASES / case / "stacks").endpoints["fraud-scorer"]
    assert change.rollout
    assert endpoint.rollout
    expected = remaining_splits(live, endpoint.traffic, endpoint.rollout.steps)
    assert [step.percentages for step in change.rollout.steps] == expected
    assert change.rollout.declared == endpoint.rollout


def test_digest_covers_the_declaration(reported: Reported) -> None:
    digests = {
        reported(LIVE, TARGET, new, ROLLOUT).digest
        for new in (ROLLOUT, {**ROLLOUT, "bake": "1m"}, {**ROLLOUT, "steps": [5]}, GATED)
    }
    assert len(digests) == 4
