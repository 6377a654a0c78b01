"""The wheel in an environment of its own, and a project folder elsewhere that uses it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installed_wheel import InstalledWheel, install_wheel, succeed
from tests.support.running_workspace import PROJECT, running_workspace
from tests.support.sandbox import Sandbox
from tests.support.snapshots import IMMEDIATE, locked, shared_folder
from toolchain.environment import pulumi_environment


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a test run have in common."""
    return shared_folder(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def tools(shared: Path) -> None:
    """The programs that build, install and check."""
    with locked(shared / "tools.lock"):
        succeed("make", "-s", "tools", folder=PROJECT)


@pytest.fixture(scope="session")
def installed(shared: Path, tools: None) -> InstalledWheel:  # noqa: ARG001  they must be there
    """The wheel in an environment of its own, made once in a test run."""
    with locked(shared / "wheel.lock"):
        return install_wheel(shared / "wheel")


@pytest.fixture
def elsewhere(engine: None, installed: InstalledWheel, tmp_path: Path) -> Iterator[Sandbox]:  # noqa: ARG001  it must be there
    """An empty project folder outside of the checkout, which runs in the environment of the wheel."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / ".venv").symlink_to(installed.environment, target_is_directory=True)
    with running_workspace(tmp_path / "workspace.db", *IMMEDIATE) as workspace:
        environment = pulumi_environment(tmp_path / "pulumi", os.environ)
        environment["PATH"] = f"{installed.bin}{os.pathsep}{environment['PATH']}"
        environment |= {"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": workspace.token}
        environment.pop("PYTHONPATH", None)
        yield Sandbox(folder, workspace, environment)
