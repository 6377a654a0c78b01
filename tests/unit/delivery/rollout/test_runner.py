"""A rollout's steps, its failures, and that a killed run continues where it was. Without Pulumi and without waiting."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from model_serving.delivery.rollout.course import Course
from model_serving.delivery.rollout.deployer import TakenOverError
from model_serving.delivery.rollout.gate.result import BrokenBound, GateResult
from model_serving.delivery.rollout.sentences import steps_ahead
from model_serving.delivery.rollout.staged import Ended
from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import Status, Verdict
from tests.unit.delivery.rollout.fake_rollout import (
    DECLARED,
    LIVE,
    SLOW,
    TARGET,
    FakeStack,
    KilledError,
)

BAKE = 600


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def failing_at(share: int, result: GateResult) -> Callable[[Course], Sequence[GateResult]]:
    return lambda course: [result if course.share == share else GateResult()]


def verdicts(stack: FakeStack, key: str = "fraud") -> list[tuple[int, Verdict]]:
    return [(each.split["challenger"], each.verdict) for each in stack.records[key].entries]


def test_each_step_is_deployed_and_bakes(stack: FakeStack) -> None:
    (course,) = stack.run()
    assert stack.written == [("fraud", 5, 0), ("fraud", 25, BAKE), ("fraud", 50, 2 * BAKE), ("fraud", 100, 3 * BAKE)]
    assert course.record.status is Status.REACHED
    passed = [(5, Verdict.PASSED), (25, Verdict.PASSED), (50, Verdict.PASSED)]
    assert verdicts(stack) == [*passed, (100, Verdict.REACHED)]
    assert stack.records["fraud"] == course.record


def test_a_reached_target_is_no_step(stack: FakeStack) -> None:
    stack.run()
    assert stack.planned().splits == []


@pytest.mark.parametrize("share", [5, 25, 50])
def test_a_broken_bound_goes_back_at_once(stack: FakeStack, share: int) -> None:
    (course,) = stack.run(gate=failing_at(share, GateResult(broken=(SLOW,))))
    before = [each for each in (5, 25, 50) if each <= share]
    assert stack.shares == [*before, 0]
    assert stack.written[-1][2] == BAKE * (len(before) - 1), "Without the rest of the bake"
    assert (course.record.status, course.record.is_judged) == (Status.FAILED, True)
    assert course.record.reason == f"{share} %: {SLOW}"
    assert verdicts(stack)[-2:] == [(share, Verdict.FAILED), (0, Verdict.BACK)]
    assert stack.planned().failure == course.record


@pytest.mark.parametrize(("share", "back"), [(5, 0), (25, 5), (50, 25)])
def test_a_failure_goes_back_one_step_where_declared(stack: FakeStack, share: int, back: int) -> None:
    declared = DECLARED.model_copy(update={"on_failure": "previous_step"})
    (course,) = stack.run(stack.planned(declared=declared), gate=failing_at(share, GateResult(broken=(SLOW,))))
    assert (stack.shares[-2:], course.live["challenger"]) == ([share, back], back)


def test_an_inconclusive_gate_bakes_once_more(stack: FakeStack) -> None:
    few = GateResult(inconclusive=("challenger had 0 requests, and 1 is needed",))
    stack.run(gate=lambda course: [few, GateResult()] if course.share == 5 else [GateResult()])
    assert [seconds for _, _, seconds in stack.written] == [0, 2 * BAKE, 3 * BAKE, 4 * BAKE]
    assert any("once more as long" in line and "0 requests" in line for line in stack.said)


def test_a_gate_that_stays_inconclusive_fails(stack: FakeStack) -> None:
    (course,) = stack.run(gate=failing_at(5, GateResult(inconclusive=("challenger had 0 requests",))))
    assert stack.written == [("fraud", 5, 0), ("fraud", 0, 2 * BAKE)]
    assert course.record.reason == "5 %: challenger had 0 requests"


def test_a_refused_deployment_goes_nowhere(stack: FakeStack) -> None:
    stack.failing = lambda _steps: "a policy refuses it"
    (course,) = stack.run()
    assert stack.shares == []
    assert (course.record.status, course.record.is_judged) == (Status.FAILED, False)
    assert course.record.reason == "5 %: its deployment failed: a policy refuses it"
    assert stack.planned().failure is None, "It may be tried again"


def test_a_failed_deployment_goes_back_to_the_start(stack: FakeStack) -> None:
    stack.failing = lambda steps: "UPDATE_FAILED" if steps["fraud"].traffic["challenger"] == 25 else ""
    (course,) = stack.run()
    assert stack.shares == [5, 0]
    assert course.record.reason == "25 %: its deployment failed: UPDATE_FAILED"
    assert verdicts(stack) == [(5, Verdict.PASSED), (25, Verdict.FAILED), (0, Verdict.BACK)]


def test_a_refused_split_goes_back_after_its_record(stack: FakeStack) -> None:
    stack.failing_between = lambda steps: "RESOURCE_CONFLICT" if steps["fraud"].traffic["challenger"] == 25 else ""
    (course,) = stack.run()
    assert stack.shares == [5, 0]
    assert course.record.reason == "25 %: its deployment failed: RESOURCE_CONFLICT"
    assert stack.records["fraud"] == course.record


def test_a_deployment_that_arrived_nevertheless_goes_on(stack: FakeStack) -> None:
    stack.failing_after = lambda steps: "the answer was lost" if steps["fraud"].traffic["challenger"] == 25 else ""
    stack.run()
    assert stack.shares == [5, 25, 50, 100]


def test_an_endpoint_that_can_not_go_back_is_left(stack: FakeStack) -> None:
    stack.failing = lambda steps: "no connection" if steps["fraud"].traffic["challenger"] == 0 else ""
    gate = failing_at(25, GateResult(broken=(SLOW,)))
    (course,) = stack.run(gate=gate)
    assert (stack.shares, course.stuck, course.live["challenger"]) == ([5, 25], "no connection", 25)
    stack.failing = lambda _steps: ""
    (course,) = stack.run(gate=gate)
    assert (stack.shares, course.record.status) == ([5, 25, 0], Status.FAILED)


def test_going_back_is_tried_again(stack: FakeStack) -> None:
    """An answer is lost, a workspace is restarted: the callers must not stay with what failed."""
    tries = []

    def refused_twice(steps: Mapping[str, EndpointStep]) -> str:
        tries.append(steps["fraud"].traffic["challenger"])
        return "500 Internal Server Error" if tries.count(0) in (1, 2) else ""

    stack.failing_between = refused_twice
    (course,) = stack.run(gate=failing_at(25, GateResult(broken=(SLOW,))))
    assert (stack.shares, course.stuck, course.record.status) == ([5, 25, 0], "", Status.FAILED)
    assert sum("tried again" in line for line in stack.said) == 2


@pytest.mark.parametrize("result", [GateResult(), GateResult(broken=(SLOW,))])
def test_traffic_that_others_have_changed_stays(stack: FakeStack, result: GateResult) -> None:
    def shift_in_the_ui(course: Course) -> Sequence[GateResult]:
        if course.share == 25:
            stack.live_splits["fraud"] = {"champion": 90, "challenger": 10}
        return [result if course.share == 25 else GateResult()]

    (course,) = stack.run(gate=shift_in_the_ui)
    assert stack.shares == [5, 25], "Neither on nor back"
    assert (course.record.status, course.record.is_judged) == (Status.FAILED, True)
    assert course.record.reason.startswith("25 %: somebody else has changed its traffic to champion 90 %, challenger")
    assert (SLOW.figure in course.record.reason) == bool(result.broken)
    assert verdicts(stack) == [(5, Verdict.PASSED), (25, Verdict.FAILED)]
    assert stack.records["fraud"] == course.record
    assert (dict(course.record.split), course.live["challenger"]) == ({"champion": 90, "challenger": 10}, 10)


def test_a_deleted_endpoint_ends_its_rollout_alone(stack: FakeStack) -> None:
    stack.live_splits = {"fraud": LIVE, "iris": LIVE}

    def delete(course: Course) -> Sequence[GateResult]:
        if course.key == "iris" and course.share == 25:
            stack.live_splits["iris"] = {}
        return [GateResult()]

    stack.run(*map(stack.planned, stack.live_splits), gate=delete)
    assert [share for key, share, _ in stack.written if key == "fraud"] == [5, 25, 50, 100]
    assert stack.records["iris"].reason == "25 %: somebody else has deleted it"


def test_what_goes_back_next_is_said(stack: FakeStack) -> None:
    assert steps_ahead(stack.planned()).splitlines()[1] == "  champion 95 %, challenger 5 %, for 10 min"
    stack.failing_between = lambda steps: "no connection" if steps["fraud"].traffic["challenger"] == 0 else ""
    stack.run(gate=failing_at(25, GateResult(broken=(SLOW,))))
    place = "fraud serves champion 75 %, challenger 25 % and goes back to champion 100 %"
    assert steps_ahead(stack.planned()) == f"{place}: its rollout failed at 25 %: {SLOW}"


def test_endpoints_go_side_by_side(stack: FakeStack) -> None:
    stack.live_splits = {"fraud": LIVE, "iris": LIVE}
    stack.run(
        *map(stack.planned, stack.live_splits),
        gate=lambda course: [
            GateResult(broken=(SLOW,)) if course.key == "iris" and course.share == 25 else GateResult()
        ],
    )
    assert [share for key, share, _ in stack.written if key == "fraud"] == [5, 25, 50, 100]
    assert [share for key, share, _ in stack.written if key == "iris"] == [5, 25, 0]
    assert [each.status for each in stack.records.values()] == [Status.REACHED, Status.FAILED]
    assert len([each for each in stack.points if each.endswith("at its end") and each.startswith("deploy")]) == 5


def test_another_target_stops_an_unfinished_rollout(stack: FakeStack) -> None:
    stack.clock.kill_after = 700
    with pytest.raises(KilledError):
        stack.run()
    stack.clock.kill_after = None
    (course,) = stack.run(stack.planned(target={"champion": 40, "challenger": 60}))
    assert stack.shares == [5, 25, 50, 60]
    assert (25, Verdict.STOPPED) in verdicts(stack)
    assert course.record.start == LIVE, "The last split that is known to be good"


def test_a_run_that_was_taken_over_stops(stack: FakeStack) -> None:
    def take_over(_course: Course) -> Sequence[GateResult]:
        stack.records["fraud"] = replace(stack.records["fraud"], revision="another")
        return [GateResult()]

    with pytest.raises(TakenOverError):
        stack.run(gate=take_over)
    assert stack.shares == [5]


def test_the_report_has_the_record_of_who_took_over(stack: FakeStack) -> None:
    (course,) = stack.run()
    rolled_back = replace(course.record, status=Status.FAILED, reason="25 %: rolled back by ann")
    assert Ended([course], "Stopped", {"fraud": rolled_back}).records == {"fraud": rolled_back}


def points_of_a_whole_run() -> list[str]:
    stack = FakeStack()
    stack.run()
    return stack.points


@pytest.mark.parametrize("point", points_of_a_whole_run())
def test_a_run_killed_at_a_deployment_continues(stack: FakeStack, point: str) -> None:
    stack.kill_at = point
    with pytest.raises(KilledError):
        stack.run()
    stack.kill_at = ""
    if stack.planned().splits:
        (course,) = stack.run()
        assert course.record.status is Status.REACHED
    assert stack.shares == [5, 25, 50, 100]
    assert verdicts(stack) == [(5, Verdict.PASSED), (25, Verdict.PASSED), (50, Verdict.PASSED), (100, Verdict.REACHED)]
    times = [seconds for _, _, seconds in stack.written]
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [BAKE] * 3


@pytest.mark.parametrize("after", [30, 599, 700, 1300, 1799])
def test_a_run_killed_in_a_bake_keeps_the_rest(stack: FakeStack, after: int) -> None:
    stack.clock.kill_after = after
    with pytest.raises(KilledError):
        stack.run()
    stack.clock.kill_after = None
    stack.clock.sleep(40)
    stack.run()
    assert stack.shares == [5, 25, 50, 100]
    late = 39 if after in {599, 1799} else 0
    assert stack.written[-1][2] == 3 * BAKE + late, "Nothing bakes twice, and nothing less"
    assert len({each.run for each in stack.records["fraud"].entries}) == 1


def test_a_target_that_others_reached_ends_the_rollout(stack: FakeStack) -> None:
    """The run was killed at 5 %, and somebody moved the rest of the traffic by hand."""
    stack.clock.kill_after = 30
    with pytest.raises(KilledError):
        stack.run()
    stack.clock.kill_after, stack.live_splits["fraud"] = None, TARGET
    (course,) = stack.run()
    assert (course.record.status, stack.shares) == (Status.REACHED, [5])
    assert verdicts(stack) == [(5, Verdict.STOPPED), (100, Verdict.REACHED)]
    assert stack.planned().splits == []


def test_a_clock_that_is_ahead_makes_no_longer_bake(stack: FakeStack) -> None:
    stack.clock.kill_after = 30
    with pytest.raises(KilledError):
        stack.run()
    stack.clock.kill_after = None
    stack.clock.time -= timedelta(hours=2)
    stack.run()
    assert stack.written[1][2] == 30 - 7200 + BAKE


def test_a_reason_has_no_terminal_codes_and_no_credentials(stack: FakeStack) -> None:
    token = "dapi" + "0" * 32
    answer = BrokenBound(
        "smoke request a.json", f"400 \x1b[31mno\x1b]0;title\x07 {token}\nat line 2 {'x' * 9999}", "passes"
    )
    (course,) = stack.run(gate=failing_at(5, GateResult(broken=(answer,))))
    text = course.record.to_json() + "".join(stack.said)
    assert "400 no [secret]; at line 2 xxx" in course.record.reason
    assert not re.search(rf"\x1b|\\u001b|{token}", text)
    assert len(course.record.reason) < 2100


def test_a_run_killed_going_back_goes_back(stack: FakeStack) -> None:
    gate = failing_at(25, GateResult(broken=(SLOW,)))
    whole = FakeStack()
    whole.run(gate=gate)
    for point in [each for each in whole.points if whole.points.index(each) > 8]:
        stack = FakeStack(kill_at=point)
        with pytest.raises(KilledError):
            stack.run(gate=gate)
        stack.kill_at = ""
        if stack.records["fraud"].status is not Status.FAILED:
            stack.run(gate=gate)
        assert stack.shares == [5, 25, 0], point
        assert stack.records["fraud"].status is Status.FAILED, point
