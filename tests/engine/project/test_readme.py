"""The commands of the README work."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running_workspace import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def shell_blocks(heading: str) -> list[str]:
    """The commands under a heading, block by block."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^ *```sh\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "DATABRICKS_"))}


@pytest.fixture
def checkout(engine: None, tmp_path: Path) -> Path:  # noqa: ARG001  the engine must be there, it is not handed on
    """The tracked files, as a clone would have them, with what `make setup` made here."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    folder = tmp_path / "checkout"
    for name in filter(None, listed.split("\0")):
        if os.path.lexists(PROJECT / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name, follow_symlinks=False)  # with its time: make compares it
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    (folder / ".local").mkdir()
    (folder / ".local" / "toolchain").symlink_to(PROJECT / ".local" / "toolchain")
    return folder


@pytest.fixture
def port(checkout: Path) -> int:
    """A free port instead of 8787, so that a workspace which runs here already isn't in the way."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    stack_file = checkout / "stacks" / "Pulumi.local.yaml"
    stack_file.write_text(stack_file.read_text().replace(":8787", f":{free}"))
    return free


@pytest.fixture
def workspace(checkout: Path, port: int) -> Iterator[None]:
    (command,) = shell_blocks("Work by hand")[0].splitlines()
    process = subprocess.Popen(
        ["sh", "-c", command],
        cwd=checkout,
        env={**clean_environment(), "PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        try:
            assert any(f"Workspace ready at http://127.0.0.1:{port}" in line for line in lines)
            yield
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=20)


@pytest.mark.usefixtures("workspace")
def test_commands_under_work_by_hand_deploy(checkout: Path, port: int) -> None:
    deploy, query = shell_blocks("Work by hand")[1:]
    (review,) = shell_blocks("Review a change")
    check = "pulumi stack output endpoints\npulumi up --yes --expect-no-changes"
    commands = "\n".join((deploy.replace("pulumi up", "pulumi up --yes"), check, query))
    printed = ""
    for shell in (commands, review):  # each in a shell of its own: `make review` sets the environment itself
        run = subprocess.run(
            ["bash", "-ec", shell],
            cwd=checkout,
            env={**clean_environment(), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout
        printed += run.stdout
    assert "13 created" in printed
    assert f'"url":"http://127.0.0.1:{port}/serving-endpoints/iris-classifier/invocations"' in printed
    assert "13 unchanged" in printed
    assert '"predictions": [' in printed
    assert "local: no changes" in printed


def test_readme_links_and_targets_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    targets = re.findall(r"`make ([a-z-]+)`", README) + re.findall(r"^make ([a-z-]+)", README, re.MULTILINE)
    makefile = "".join((PROJECT / name).read_text(encoding="utf-8") for name in ("Makefile", ".ci/pipeline.mk"))
    assert [link for link in links if not (PROJECT / link).exists()] == []
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
    assert targets
