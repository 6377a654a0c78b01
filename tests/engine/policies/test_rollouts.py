"""A declared rollout on the engine: what is refused by hand, what a waiver allows."""

import subprocess
from collections.abc import Iterator

import pytest

from model_serving.review.assess.report import Verdict
from model_serving.spec.rollout_variable import PLANNED, VARIABLE
from tests.support.raw_program import WITH_POLICIES, Violation, violations
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

pytestmark = pytest.mark.usefixtures("engine")

BASE = "stacks/base.yaml"
TRAFFIC = "      traffic: {champion: 95, challenger: 5}\n"
TO_CHALLENGER = """\
      traffic: {champion: 0, challenger: 100}
      rollout: {steps: [10, 50], bake: 10m, gate: {errors_below: 1%}}
"""
WAIVER = """\
  model-serving:waivers:
    hurry:
      {rule: rollout-in-steps, resource: fraud-scorer, reason: an incident, owner: risk, expires: 2099-01-01}
"""
UP = ("up", "--yes", "--skip-preview", *WITH_POLICIES)
IN_STEPS = Violation("rollout-in-steps", "ModelServing", "fraud-scorer")
IN_PLACE = Violation("rollout-can-be-staged", "ModelServing", "fraud-scorer")


@pytest.fixture
def project(snapshots: Snapshots) -> Iterator[Sandbox]:
    with snapshots.deployed() as sandbox:
        yield sandbox


def reviewed(project: Sandbox) -> str:
    """The comment on the stack. The shell's own value of the variable doesn't count in a review."""
    output = project.folder / "comment.md"
    run = subprocess.run(
        [project.python, "-P", "-m", "model_serving", "review", "--stack", "local", "--output", str(output)],
        cwd=project.folder,
        env={**project.environment, "PYTHONPATH": str(PROJECT), VARIABLE: ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == Verdict.APPROVAL.exit_status, run.stderr
    return output.read_text(encoding="utf-8")


def test_declared_rollout_is_not_bypassed_by_hand(project: Sandbox) -> None:
    project.edit(BASE, TRAFFIC, TO_CHALLENGER)
    before = project.workspace.writes()
    by_hand = project.pulumi(*UP, check=False)
    assert by_hand.refused
    assert violations(by_hand.text) == {IN_STEPS}
    assert "model-serving rollout --stack local fraud-scorer" in by_hand.text
    assert project.workspace.writes() == before
    comment = reviewed(project)
    assert "`model-serving deploy` goes through 3 steps, at least 20 min" in comment
    assert "| now | 95 % | 5 % |\n| 10 % | 90 % | 10 % |\n| 50 % | 50 % | 50 % |\n| target | 0 % | 100 % |" in comment
    assert project.workspace.writes() == before
    # Another version of what all callers reach: no run makes it in steps.
    project.edit(
        BASE, 'champion: {entity: main.ml.fraud, version: "7"', 'champion: {entity: main.ml.fraud, version: "9"'
    )
    planned = project.pulumi("preview", *WITH_POLICIES, check=False, **{VARIABLE: PLANNED})
    assert violations(planned.text) == {IN_PLACE}
    project.edit(
        BASE, 'champion: {entity: main.ml.fraud, version: "9"', 'champion: {entity: main.ml.fraud, version: "7"'
    )
    project.edit(BASE, "  # Levels and settings", f"{WAIVER}  # Levels and settings")
    waived = project.pulumi(*UP)
    assert 'Waived until 2099-01-01 by "hurry" (owner risk)' in waived.text
    (routes,) = project.workspace.get("/api/2.0/serving-endpoints/fraud-scorer")["config"]["traffic_config"].values()
    assert {each["served_entity_name"]: each["traffic_percentage"] for each in routes} == {
        "champion": 0,
        "challenger": 100,
    }
