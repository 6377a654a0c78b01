"""The commands as typed: their exit status, their files and their errors."""

import json
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.delivery.deploy import deploy
from tests.support.golden_cases import CASES

PROJECT = Path(__file__).resolve().parents[3]


def events(name: str) -> str:
    return str(CASES / name / "events.jsonl")


@pytest.mark.parametrize(
    ("name", "status"),
    [("no-changes", 0), ("canary-step", 2), ("rename", 2), ("failed-preview", 1), ("policy-violation", 1)],
)
def test_a_review_ends_with_its_verdict(name: str, status: int) -> None:
    assert main(["review", "--events", events(name)]) == status


def test_the_worst_verdict_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "--events", events("no-changes"), "--events", events("canary-step")]) == 2
    assert main(["review", "--events", events("failed-preview"), "--events", events("canary-step")]) == 1
    assert "needs" not in capsys.readouterr().err


def test_one_preview_gives_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [str(tmp_path / f"r-{{stack}}.{ending}") for ending in ("md", "json", "sarif", "txt")]
    assert main(["review", "--events", events("canary-step"), *(f"--output={output}" for output in outputs)]) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "r-local.json",
        "r-local.md",
        "r-local.sarif",
        "r-local.txt",
    ]
    assert (tmp_path / "r-local.md").read_text().startswith("<!-- model-serving-review:local -->\n")
    assert json.loads((tmp_path / "r-local.sarif").read_text())["runs"][0]["results"] == []
    assert "Traffic moves" in (tmp_path / "r-local.txt").read_text()
    assert capsys.readouterr().out == ""


def test_sarif_holds_errors_in_stack_files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(CASES / "failed-preview")
    assert main(["review", "--events", "events.jsonl", "--format", "sarif"]) == 1
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["stack-file", "stack-file"]


def test_a_review_without_a_stack_lists_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    assert main(["review"]) == 3
    assert capsys.readouterr().err.endswith("Stacks here: local, prod, staging\n")


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "--events", "nowhere"]) == 1
    assert capsys.readouterr().err == "nowhere: can't be read (No such file or directory)\n"


def test_without_pulumi_its_installation_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(PROJECT)
    assert main(["review", "--stack", "prod"]) == 1
    assert "`pulumi` is not on PATH. Install Pulumi" in capsys.readouterr().err


@pytest.mark.parametrize("reviewed", ["", "0123456789abcdef"])
def test_an_unreviewed_change_is_not_deployed(reviewed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `pulumi` that plays a recorded preview, and would note an `up`."""
    fake = tmp_path / "pulumi"
    lines = (
        "#!/bin/sh",
        f'[ "$1" = up ] && touch {tmp_path}/deployed',
        'command=$1; while [ "$1" != --event-log ] && [ "$1" != --file ]; do shift; done',
        """[ "$command" = stack ] && echo '{"version": 3}' > "$2" && exit 0""",
        f'cp {events("canary-step")} "$2"',
    )
    fake.write_text("\n".join(lines) + "\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    outcome = deploy("local", CASES / "canary-step", ["policies"], reviewed)
    assert (outcome.status, outcome.deployed, (tmp_path / "deployed").exists()) == (2, False, False)
    digest = outcome.report.digest
    differs = "the plan is not the approved one: the files, the state or the workspace have changed since\n"
    first = f"{differs}  approved digest: {reviewed}" if reviewed else "no approved report was found"
    assert outcome.message.startswith(f"Not deployed: {first}\n  digest now:      {digest}\n")
    assert f"\n  model-serving deploy --stack local --reviewed {digest}\n" in outcome.message


@pytest.mark.parametrize("own", [True, False], ids=["own pack", "installed pack"])
def test_a_review_runs_a_policy_pack(
    own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A `pulumi` that prints its arguments and fails."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.local.yaml").touch()
    pulumi = tmp_path / "pulumi"
    pulumi.write_text('#!/bin/sh\necho "$@"\nexit 1\n')
    pulumi.chmod(0o755)
    if own:
        (tmp_path / "policies").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "any")
    monkeypatch.chdir(tmp_path)
    assert main(["review", "--stack", "local", "--json"]) == 1
    (error,) = json.loads(capsys.readouterr().out)["stacks"][0]["errors"]
    assert f"--policy-pack {'policies' if own else PROJECT / 'policies'}" in error
