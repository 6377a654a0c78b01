"""`model-serving rollout`: it shows the steps and asks, and refuses to go without an answer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from model_serving.cli import rollout as module
from model_serving.cli.main import main
from model_serving.delivery.deploy import Command, Outcome
from model_serving.delivery.rollout.course import PlannedRollout
from model_serving.operations.rollout_history import History
from model_serving.review.assess.from_preview import report
from model_serving.review.plan.preview import Preview
from model_serving.spec.rollout_record import Approval, Entry, Owner, Record, Status
from tests.unit.delivery.rollout.fake_rollout import DECLARED, LIVE, MODELS, TARGET

STEPS = """fraud serves champion 100 % and goes to
  champion 95 %, challenger 5 %, for 10 min
  champion 75 %, challenger 25 %, for 10 min
  champion 50 %, challenger 50 %, for 10 min
  challenger 100 %
"""
FAILED = Record(
    *("r1", "run1", Status.FAILED, Owner(), Approval("digest"), LIVE, TARGET, MODELS, LIVE, LIVE, "step1"),
    reason="5 %: p95 123 ms",
    is_judged=True,
    entries=(Entry("2026-11-21T18:30:00+00:00", "run1", LIVE, LIVE),),
)

Rolled = Callable[..., list[Command]]


@pytest.fixture
def rolled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rolled:
    """Prepares the command: what it would roll out, and whether there is a terminal. Returns what it rolled out."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").touch()
    monkeypatch.chdir(tmp_path)

    def prepare(*rollouts: PlannedRollout, answer: bool | None = None) -> list[Command]:
        done: list[Command] = []
        now = report(Preview("prod"))

        def carry_out(command: Command, approve: Callable[[Any, Sequence[PlannedRollout]], Outcome | None]) -> Outcome:
            refused = approve(now, rollouts)
            if refused is None:
                done.append(command)
            return refused or Outcome(deployed=True, message="fraud serves challenger 100 %", report=now)

        monkeypatch.setattr(module, "carry_out", carry_out)
        monkeypatch.setattr("sys.stdin.isatty", lambda: answer is not None, raising=False)
        monkeypatch.setattr(click, "confirm", lambda _question, **_options: answer)
        return done

    return prepare


def planned(failed: Record | None = None) -> PlannedRollout:
    return PlannedRollout("fraud", DECLARED, LIVE, TARGET, MODELS, History("fraud", failed) if failed else None)


def test_the_steps_are_shown_before_the_question(rolled: Rolled, capsys: pytest.CaptureFixture[str]) -> None:
    done = rolled(planned(), answer=True)
    assert main(["rollout", "fraud", "--stack", "prod"]) == 0
    assert capsys.readouterr().out == f"{STEPS}fraud serves challenger 100 %\n"
    assert [each.chosen for each in done] == [("fraud",)]


def test_a_no_rolls_out_nothing(rolled: Rolled, capsys: pytest.CaptureFixture[str]) -> None:
    done = rolled(planned(), answer=False)
    assert main(["rollout", "--stack", "prod"]) == 1
    assert (capsys.readouterr().out, done) == (f"{STEPS}Not rolled out\n", [])


def test_without_a_terminal_yes_is_needed(rolled: Rolled, capsys: pytest.CaptureFixture[str]) -> None:
    done = rolled(planned())
    assert main(["rollout", "--stack", "prod"]) == 3
    assert "There is no terminal to ask in. Read the above, then add --yes" in capsys.readouterr().err
    assert done == []
    assert main(["rollout", "--stack", "prod", "--yes"]) == 0
    assert len(done) == 1


def test_traffic_as_declared_is_nothing_to_roll_out(rolled: Rolled, capsys: pytest.CaptureFixture[str]) -> None:
    rolled()
    assert main(["rollout", "--stack", "prod"]) == 0
    assert capsys.readouterr().out == "Nothing to roll out: traffic is as declared\n"


def test_a_failed_rollout_needs_again(rolled: Rolled, capsys: pytest.CaptureFixture[str]) -> None:
    done = rolled(planned(FAILED))
    assert main(["rollout", "--stack", "prod", "--yes"]) == 1
    said = "The rollout of fraud to challenger 100 % failed on 2026-11-21 18:30 UTC at 5 %: p95 123 ms."
    assert said in capsys.readouterr().out
    assert done == []
    assert main(["rollout", "--stack", "prod", "--yes", "--again"]) == 0
    assert len(done) == 1


def test_a_stack_without_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["rollout", "--stack", "prod"]) != 0
