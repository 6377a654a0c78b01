"""Settings of the rules in the stack files apply wherever the pack runs."""

import json
from collections.abc import Iterator

import pytest

from model_serving.cli.main import main
from tests.support.raw_program import Violation, violations
from tests.support.sandbox import Outcome, Sandbox
from tests.support.snapshots import Snapshots

SETTINGS = """
    production: {stacks: [local]}
    production-is-protected: disabled
    required-tags: advisory
  model-serving:waivers:
    features-may-sleep:
      {rule: production-stays-warm, resource: user-features, reason: Trial, owner: risk, expires: 9999-12-31}
"""
ASLEEP = Violation("production-stays-warm", "ModelServing", "iris-classifier")
UNTAGGED = Violation("required-tags", "ModelServing", "iris-classifier", "advisory")
WAIVED = Violation("production-stays-warm", "ModelServing", "user-features", "advisory")


@pytest.fixture(scope="module")
def project(snapshots: Snapshots) -> Iterator[Sandbox]:
    """A deployed stack that has become one of production, by a setting in base.yaml."""
    with snapshots.deployed() as sandbox, pytest.MonkeyPatch.context() as shell:
        for name, value in sandbox.environment.items():
            shell.setenv(name, value)
        shell.chdir(sandbox.folder)
        sandbox.edit("stacks/base.yaml", "\n    production: {stacks: [prod, prod-*, production]}\n", SETTINGS)
        yield sandbox


@pytest.fixture(scope="module")
def from_another_folder(project: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A preview typed by hand in another folder, in which one level is given on the command line."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    config = elsewhere / "levels.json"
    config.write_text(json.dumps({"required-tags": "disabled"}), encoding="utf-8")
    options = ("--policy-pack", str(project.folder / "policies"), "--policy-pack-config", str(config))
    moved = Sandbox(elsewhere, project.workspace, project.environment)
    return moved.pulumi("-C", str(project.folder), "preview", *options, check=False)


def test_preview_by_hand_reads_base_yaml(from_another_folder: Outcome) -> None:
    assert from_another_folder.refused, from_another_folder.text
    assert {ASLEEP, WAIVED} <= violations(from_another_folder.text)


def test_command_line_precedes_the_stack_files(from_another_folder: Outcome) -> None:
    assert UNTAGGED not in violations(from_another_folder.text)
    assert "production-is-protected" not in from_another_folder.text


@pytest.mark.parametrize("command", ["check", "review", "deploy", "drift"])
def test_command_judges_by_the_stack_files(project: Sandbox, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = project.workspace.writes()
    options = {"deploy": ["--reviewed", "000000000000"], "drift": ["--preview"]}.get(command, [])
    assert main([command, "--stack", "local", *options]) == 1
    printed = "".join(capsys.readouterr())
    assert 'Served entity "current" scales to zero in stack "local"' in printed
    assert "required-tags" in printed
    assert "production-is-protected" not in printed
    assert project.workspace.writes() == before


def test_mistake_in_base_yaml_refuses_the_preview(project: Sandbox) -> None:
    project.edit("stacks/base.yaml", "required-tags: advisory", "required-tags: advisry")
    refused = project.pulumi("preview", "--policy-pack", "policies", check=False)
    assert refused.refused, refused.text
    assert "[mandatory]  policy-settings  (pulumi:pulumi:Stack: model-serving-local)" in refused.text
    place = "stacks/base.yaml:27:5 policies.required-tags"
    assert f'{place}: must be a level or a map of settings; found "advisry". Did you mean "advisory"?' in refused.text
