"""Fixtures of every ring of tests: the project in a sandbox, with the real engine."""

import signal
from collections.abc import Iterator

import pytest

from tests.support.sandbox import Sandbox, new_sandbox
from toolchain import install


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> None:
    """A runner in the background, or under `nohup`, ignores these signals; what the tests start would inherit that."""
    for number, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, default)


@pytest.fixture(scope="session")
def engine() -> None:
    """The real Pulumi engine and Databricks provider, built where they are not there yet: never a reason to skip."""
    install.ensure()


@pytest.fixture
def project(engine: None) -> Iterator[Sandbox]:  # noqa: ARG001  the engine must be there, it is not handed on
    """The project as it is, its local stack made, beside a workspace whose deployments take no time."""
    with new_sandbox("--ready-after", "0") as sandbox:
        sandbox.pulumi("stack", "init", "local")
        yield sandbox
