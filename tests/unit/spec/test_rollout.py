"""Staged rollouts in stack files: what they mean, and every mistake in one at once."""

import pytest

from model_serving.spec.vocabulary.quantities import Duration, Factor, Latency, Percent
from model_serving.spec.vocabulary.rollout import Rollout
from tests.support.stack_files import StackFiles

STACK = """\
config:
  model-serving:endpoints:
    fraud:
      served_entities:
        champion: {{entity: main.ml.fraud, version: "7"}}
        challenger: {{entity: main.ml.fraud, version: "8"}}
      traffic: {traffic}
      rollout: {rollout}
"""
TO_CHALLENGER = "{champion: 0, challenger: 100}"


def faults(files: StackFiles, rollout: str, traffic: str = TO_CHALLENGER) -> list[str]:
    """Each diagnostic as `path: message | hint`, without its place."""
    found = files.write(STACK.format(rollout=rollout, traffic=traffic)).diagnostics()
    return [f"{each.path.removeprefix('endpoints.fraud.')}: {each.message} | {each.hint}" for each in found]


def test_rollout_has_typed_numbers(files: StackFiles) -> None:
    gate = "{errors_below: 1%, p95_below: 1.5s, compare: {against: champion, p95_at_most: 1.2x}, command: [./check.sh]}"
    written = STACK.format(rollout=f"{{steps: [5, 25], bake: 10m, gate: {gate}}}", traffic=TO_CHALLENGER)
    rollout = files.write(written).load().endpoints["fraud"].rollout
    assert rollout
    assert rollout.gate
    assert rollout.gate.compare
    assert (rollout.steps, rollout.bake, rollout.on_failure) == ([5, 25], Duration(600), "start")
    figures = (rollout.gate.errors_below, rollout.gate.p95_below, rollout.gate.compare.p95_at_most)
    assert figures == (Percent(0.01), Latency(1500), Factor(1.2))
    assert Rollout.model_validate(rollout.model_dump(mode="json")) == rollout


def test_stack_overlays_the_rollout_of_base(files: StackFiles) -> None:
    base = STACK.format(rollout="{steps: [5, 25], bake: 10m, gate: {errors_below: 1%}}", traffic=TO_CHALLENGER)
    own = "config: {model-serving:endpoints: {fraud: {rollout: {bake: 20s, gate: {p95_below: 80ms}}}}}"
    rollout = files.write(own, base).load().endpoints["fraud"].rollout
    assert rollout
    assert rollout.gate
    assert (rollout.steps, rollout.bake) == ([5, 25], Duration(20))
    assert (rollout.gate.errors_below, rollout.gate.p95_below) == (Percent(0.01), Latency(80))


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        ("{steps: [5]}", "rollout.bake: is required but missing | See docs/stack-files.md"),
        ("{bake: 10m}", "rollout.steps: is required but missing | See docs/stack-files.md"),
        ("{steps: [], bake: 1m}", "rollout.steps: is empty | Add at least one"),
        (
            "{steps: [25, 5, 25], bake: 1m}",
            "rollout.steps: must be ascending, each once; found 25, 5, 25 | Write [5, 25]",
        ),
        ("{steps: [0, 5], bake: 1m}", "rollout.steps[0]: 0 is no step | Write a percentage from 1 to 99"),
        (
            "{steps: [5, 100], bake: 1m}",
            "rollout.steps[1]: 100 is no step | Remove it: the declared `traffic` follows the last step",
        ),
        ("{steps: [5], bake: 10}", "rollout.bake: 10 has no unit | Write it with its unit: 10s, 10m or 10h"),
        ("{steps: [5], bake: long}", 'rollout.bake: "long" is not a duration | Write it as 90s, 10m or 1h'),
        ("{steps: [5], bake: 0s}", 'rollout.bake: "0s" is not more than 0 | Write it as 90s, 10m or 1h'),
        (
            "{steps: [5], bake: 1m, stages: [7]}",
            'rollout.stages: unknown key "stages" | Did you mean "steps"?',
        ),
        (
            "{steps: [5], bake: 1m, on_failure: previous}",
            'rollout.on_failure: "previous" is not one of start, previous_step | Use one of them',
        ),
    ],
)
def test_wrong_rollout_is_reported_with_a_hint(files: StackFiles, rollout: str, expected: str) -> None:
    assert faults(files, rollout) == [expected]


BOUNDS = "`errors_below`, `p95_below`, `smoke`, `compare`, `command`, `shadow`"


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ("{errors_below: 1}", "errors_below: 1 has no unit | Write it with its unit: 1%"),
        (
            "{errors_below: 120%}",
            'errors_below: "120%" is not more than 0 and at most 100% | Write it as 1% or 0.5%',
        ),
        ("{p95_below: 80}", "p95_below: 80 has no unit | Write it with its unit: 80ms or 80s"),
        ("{p95_below: 0ms}", 'p95_below: "0ms" is not more than 0 and at most 297s | Write it as 80ms or 1.5s'),
        ("{p95_below: 900s}", 'p95_below: "900s" is not more than 0 and at most 297s | Write it as 80ms or 1.5s'),
        (
            "{smoke: true}",
            "smoke: the endpoint declares no smoke requests | Add `smoke` requests to the endpoint, or remove this",
        ),
        ("{command: []}", "command: is empty | Add at least one"),
        ('{command: [""]}', "command[0]: is empty | Set a value, or remove the key"),
        (
            "{compare: {against: champoin, p95_at_most: 1.2x}}",
            'compare.against: no served entity is called "champoin" | Did you mean "champion"?',
        ),
        (
            "{compare: {against: challenger, p95_at_most: 1.2x}}",
            'compare.against: "challenger" receives all traffic in the end | Compare with one that loses it: champion',
        ),
        (
            "{compare: {against: champion}}",
            "compare: compares nothing | Set `p95_at_most` or `errors_at_most`, as in 1.2x",
        ),
        (
            "{compare: {against: champion, p95_at_most: 1.2}}",
            "compare.p95_at_most: 1.2 has no unit | Write it with its unit: 1.2x",
        ),
        (
            "{shadow: {requests: ../all.json, agreement_at_least: 99%}}",
            'shadow.requests: "../all.json" is outside of the folder of the stack files | Copy the requests there',
        ),
        (
            "{shadow: {requests: inference_table, agreement_at_least: 99%}}",
            "shadow.requests: the endpoint declares no inference table | Add `ai_gateway.inference_table`, or a file",
        ),
    ],
)
def test_wrong_gate_is_reported_with_a_hint(files: StackFiles, gate: str, expected: str) -> None:
    assert faults(files, f"{{steps: [5], bake: 5m, gate: {gate}}}") == [f"rollout.gate.{expected}"]


@pytest.mark.parametrize("gate", ["{}", "{smoke: false}", "{requests_at_least: 50}"])
def test_gate_that_bounds_nothing_is_reported(files: StackFiles, gate: str) -> None:
    expected = f"rollout.gate: bounds nothing, so every step would pass | Set one of {BOUNDS}, or remove `gate`"
    assert faults(files, f"{{steps: [5], bake: 5m, gate: {gate}}}") == [expected]


def test_step_that_is_never_reached_is_reported(files: StackFiles) -> None:
    (fault,) = faults(files, "{steps: [5, 90], bake: 5m}", "{champion: 90, challenger: 10}")
    assert fault == (
        "rollout.steps[1]: 90 is never reached: whichever entities gain, they receive at most 90 % together | "
        "Remove the step, or change `traffic`"
    )


def test_rollout_of_a_single_entity_is_reported(files: StackFiles) -> None:
    written = STACK.format(rollout="{steps: [5], bake: 5m}", traffic="{champion: 100}")
    (fault,) = files.write(written.replace('        challenger: {entity: main.ml.fraud, version: "8"}\n', "")).faults()
    assert "there is no traffic to shift: the endpoint has a single served entity" in fault


def test_all_mistakes_of_a_rollout_are_reported(files: StackFiles) -> None:
    gate = "{errors_below: 1, smoke: true, compare: {against: nobody, p95_at_most: fast}}"
    found = faults(files, f"{{steps: [50, 5], bake: 10, gate: {gate}}}")
    assert [fault.partition(": ")[0] for fault in found] == [
        "rollout.steps",
        "rollout.bake",
        "rollout.gate.errors_below",
        "rollout.gate.smoke",
        "rollout.gate.compare.against",
        "rollout.gate.compare.p95_at_most",
    ]
