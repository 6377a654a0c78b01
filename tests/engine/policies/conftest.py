"""A stage for raw programs, and a second workspace."""

from collections.abc import Iterator

import pytest

from tests.support.raw_program import Bare
from tests.support.sandbox import RunningWorkspace, running_workspace, stage


@pytest.fixture(scope="module")
def bare(engine: None) -> Iterator[Bare]:  # noqa: ARG001  the engine must be there, it is not handed on
    with stage("--ready-after", "0") as here:
        here.pulumi("stack", "init", "local")
        yield Bare(here)


@pytest.fixture(scope="module")
def other_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    with running_workspace(tmp_path_factory.mktemp("other") / "workspace.db", "--ready-after", "0") as running:
        yield running
