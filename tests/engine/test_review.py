"""The review on the real engine: recorded cases are what the engine says today, and a pull request from end to end."""

from pathlib import Path

import pytest

from rehearsal import pull_request
from rehearsal.review_cases import CASES, CASES_OF_REVIEW, Case, comment_on, record
from rehearsal.stage import Stage
from review.promote import promotion

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

LIVE = (
    "first-deployment",
    "canary-step",
    "flipped-route-optimization",
    "deleted-endpoint",
    "failed-preview",
    "changed-outside",
)


@pytest.mark.parametrize("case", [case for case in CASES_OF_REVIEW if case.name in LIVE], ids=lambda case: case.name)
def test_the_engine_gives_the_golden_comment(case: Case, tmp_path: Path) -> None:
    record(case, tmp_path)
    assert comment_on(tmp_path) == (CASES / case.name / "comment.md").read_text(encoding="utf-8")


def test_a_pull_request_from_branch_to_drift(capsys: pytest.CaptureFixture[str]) -> None:
    assert pull_request.main() == 0
    told = capsys.readouterr().out
    assert "Deployed as reviewed" in told
    assert "The workspace saw: PUT /api/2.0/serving-endpoints/fraud-scorer/config" in told


def test_a_promotion_tells_what_is_not_deployed_yet(project: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    project.pulumi("up", "--yes", "--skip-preview")
    project.edit("stacks/base.yaml", 'version: "8"', 'version: "9"')
    text = (project.folder / "stacks" / "Pulumi.local.yaml").read_text(encoding="utf-8")
    following = text.replace("config:\n", "config:\n  model-serving:name_prefix: next-\n", 1)
    (project.folder / "stacks" / "Pulumi.next.yaml").write_text(following, encoding="utf-8")
    project.pulumi("stack", "init", "next")
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.folder)
    found = promotion("local", "next", project.folder / "stacks", state=True)
    undeployed = {row.label: row.after for row in found.undeployed}
    was = "challenger main.ml.fraud v8 at 5 %, champion main.ml.fraud v7 at 95 %"
    assert undeployed == {
        "local: fraud-scorer": was,
        **dict.fromkeys(("next: fraud-scorer", "next: iris-classifier", "next: user-features"), "not deployed"),
    }
