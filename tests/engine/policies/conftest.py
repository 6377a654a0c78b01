"""A sandbox for raw programs, and a second workspace."""

from collections.abc import Iterator

import pytest

from tests.support.raw_program import RawProgram
from tests.support.running_workspace import RunningWorkspace, running_workspace
from tests.support.snapshots import Snapshots


@pytest.fixture(scope="module")
def raw(snapshots: Snapshots) -> Iterator[RawProgram]:
    with snapshots.initialized() as sandbox:
        yield RawProgram(sandbox)


@pytest.fixture(scope="module")
def other_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    with running_workspace(tmp_path_factory.mktemp("other") / "workspace.db", "--ready-after", "0") as running:
        yield running
