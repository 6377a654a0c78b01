"""Another repository checks its stack files with this project's pre-commit hook."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.installed_wheel import TOOLS, constraints, succeed
from tests.support.running_workspace import PROJECT

CONFIGURATION = """
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: model-serving-check
"""


@pytest.fixture
def repository(tools: None, tmp_path: Path) -> Path:  # noqa: ARG001  they must be there
    """The checkout as it is, as a repository whose only commit has every file that git doesn't ignore."""
    listed = succeed("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=PROJECT)
    folder = tmp_path / "model-serving"
    for name in filter(None, listed.split("\0")):
        if os.path.lexists(PROJECT / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name, follow_symlinks=False)
    _commit(folder)
    return folder


def test_the_hook_refuses_a_wrong_stack_file(repository: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(PROJECT / "stacks", elsewhere / "stacks")
    revision = succeed("git", "rev-parse", "HEAD", folder=repository).strip()
    configuration = CONFIGURATION.format(repository=repository, revision=revision)
    (elsewhere / ".pre-commit-config.yaml").write_text(configuration, encoding="utf-8")
    _commit(elsewhere)
    environment = {
        **os.environ,
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PIP_CONSTRAINT": str(constraints(tmp_path)),
        "PIP_NO_COMPILE": "true",
    }

    accepted = _run_hook(elsewhere, environment)
    assert accepted.returncode == 0, accepted.stdout

    base = elsewhere / "stacks" / "base.yaml"
    base.write_text(base.read_text(encoding="utf-8").replace("route_optimized:", "route_optimised:"), encoding="utf-8")
    refused = _run_hook(elsewhere, environment)
    assert refused.returncode == 1
    assert "stacks/base.yaml:" in refused.stdout
    assert "route_optimised" in refused.stdout


def _run_hook(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / "pre-commit", "run", "--all-files"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _commit(folder: Path) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    succeed("git", "init", "--quiet", folder=folder)
    succeed("git", "add", "--all", folder=folder)
    succeed("git", *identity, "commit", "--quiet", "--no-verify", "--message", "all files", folder=folder)
