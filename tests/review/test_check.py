"""`check`: every mistake at once, in an instant, without Pulumi."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from review.__main__ import main

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def break_both(project: Path) -> None:
    base, prod = project / "stacks" / "base.yaml", project / "stacks" / "Pulumi.prod.yaml"
    base.write_text(base.read_text().replace("level: CAN_MANAGE", "level: CAN_MANGE"))
    prod.write_text(prod.read_text().replace("workload_size: Medium", "workload_sise: Medium"))


@pytest.mark.usefixtures("project")
def test_the_project_s_own_stack_files_have_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["check"]), capsys.readouterr().out) == (0, "")


def test_mistakes_of_all_stacks_are_told_once_each(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check"]) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stacks/")]
    assert [line.partition(":")[0] for line in told] == ["stacks/Pulumi.prod.yaml", "stacks/base.yaml"]


def test_sarif_has_the_line_and_column(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check", "--format", "sarif", "--stack", "local"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    lines = (project / "stacks" / "base.yaml").read_text().splitlines()
    assert place["artifactLocation"]["uri"] == "stacks/base.yaml"
    assert "CAN_MANGE" in lines[place["region"]["startLine"] - 1]


def test_json_is_for_editors(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check", "--format", "json", "--stack", "prod"]) == 1
    assert {"file", "line", "column", "path", "message", "hint"} == set(json.loads(capsys.readouterr().out)[0])


def test_nothing_of_pulumi_and_nothing_slow_is_imported() -> None:
    slow = ("pulumi", "pulumi_policy", "databricks", "rich", "grpc")
    code = f"""
import sys
from review.__main__ import main
print(main(["check"]), [name for name in {slow} if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout == "0 []\n"
