"""The report on a change of policy settings or waivers says so."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.delivery.policy_changes import policy_notices
from model_serving.review.plan.notices import NoticeKind

PROJECT = Path(__file__).resolve().parents[3]
RECORDED = PROJECT / "tests" / "unit" / "review" / "cases" / "canary-step"

AUTHOR = ("-c", "user.name=author", "-c", "user.email=author@example.com", "-c", "commit.gpgsign=false")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stack files in a repository, on the branch main."""
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(["git", *AUTHOR, *command], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(project: Path, old: str, new: str, file: str = "base.yaml") -> None:
    path = project / "stacks" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def texts(project: Path, stack: str = "prod") -> list[str]:
    return [f"{each.text} ({each.place})" for each in policy_notices(project, stack, "main")]


PRODUCTION = "    production: {stacks: [prod, prod-*, production]}\n"


def test_changed_settings_are_noticed_with_their_line(project: Path) -> None:
    assert texts(project) == []
    line = len((project / "stacks" / "base.yaml").read_text(encoding="utf-8").splitlines())
    edit(project, PRODUCTION, "    production: {stacks: []}\n    traffic-jump: {points: 100}\n    all: advisory\n")
    changes = {
        "all.level": ('the default → `"advisory"`', line + 2),
        "production.stacks": ('`["prod", "prod-*", "production"]` → `[]`', line),
        "traffic-jump.points": ("the default → `100`", line + 1),
    }
    found = policy_notices(project, "prod", "main")
    assert [(each.text, each.place.line if each.place else 0) for each in found] == [
        (f"The policy setting `{name}` changes: {change}. It judges this change, too", place)
        for name, (change, place) in changes.items()
    ]


WAIVER = """config:
  model-serving:waivers:
    retiring: {rule: production-is-protected, resource: fraud-scorer, reason: Old., owner: risk, expires: 2999-12-31}
"""
RETIRING = "The waiver `retiring` of `production-is-protected` for `fraud-scorer`"


def test_waiver_is_noticed_in_its_stack_only(project: Path) -> None:
    edit(project, "config:\n", WAIVER, "Pulumi.prod.yaml")
    (added,) = texts(project)
    assert added == f"{RETIRING} is added until 2999-12-31 (owner risk): Old (stacks/Pulumi.prod.yaml:5:5)"
    assert texts(project, "staging") == []
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qam", "y"], cwd=project, check=True
    )
    edit(project, WAIVER, "config:\n", "Pulumi.prod.yaml")
    (removed,) = texts(project)
    assert removed.startswith(
        "The waiver `retiring` of `production-is-protected` for `fraud-scorer` is removed (stacks"
    )


def test_unreadable_side_has_no_notice(project: Path) -> None:
    edit(project, PRODUCTION, "    production: {stacks: []}\n")
    assert list(policy_notices(project, "prod", "no-such-branch")) == []
    edit(project, "route_optimized: true", "route_optimized: maybe")
    assert texts(project) == []


def test_review_shows_the_notice(project: Path) -> None:
    edit(project, PRODUCTION, "    production: {stacks: [local]}\n")
    events = next(RECORDED.glob("events*"))
    main(["review", "--events", str(events), "--base", "main", "--format", "json", "--output", "report.json"])
    (stack,) = json.loads(Path("report.json").read_text(encoding="utf-8"))["stacks"]
    (notice,) = [each for each in stack["notices"] if each["kind"] == NoticeKind.POLICY_CHANGED.value]
    assert notice["text"].startswith("The policy setting `production.stacks` changes")
