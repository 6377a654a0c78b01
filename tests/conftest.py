"""Fixtures of every ring of tests: the project in a sandbox, with the real engine."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.support")  # before they are imported: their assertions explain themselves too

from tests.support.sandbox import Sandbox  # noqa: E402
from tests.support.snapshots import Snapshots, shared_folder  # noqa: E402
from toolchain import install  # noqa: E402

ENGINE = Path(__file__).parent / "engine"
LONGEST_FIRST = (ENGINE / "workflows", ENGINE / "delivery", ENGINE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that run the real engine, and begin with them.

    What takes longest would keep one process busy at the end, with nothing left for the others.
    """

    def position(item: pytest.Item) -> int:
        folders = item.path.parents
        return next((place for place, folder in enumerate(LONGEST_FIRST) if folder in folders), len(LONGEST_FIRST))

    items.sort(key=position)
    for item in items:
        if ENGINE in item.path.parents:
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> None:
    """A runner in the background, or under `nohup`, ignores these signals; what the tests start would inherit that."""
    for number, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, default)


@pytest.fixture(scope="session")
def engine() -> None:
    """The real Pulumi engine and Databricks provider, built where they are missing: never a reason to skip."""
    install.ensure()


@pytest.fixture(scope="session")
def snapshots(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Snapshots:  # noqa: ARG001  it must be there
    """Prepared sandboxes, made once in a run."""
    return Snapshots(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture
def project(snapshots: Snapshots) -> Iterator[Sandbox]:
    """The project with an empty stack, beside a workspace whose deployments take no time."""
    with snapshots.initialized() as sandbox:
        yield sandbox


@pytest.fixture
def deployed(snapshots: Snapshots) -> Iterator[Sandbox]:
    """The project with its stack deployed, a copy for this test alone."""
    with snapshots.deployed() as sandbox:
        yield sandbox
