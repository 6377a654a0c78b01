"""A Pulumi program ends without a traceback at SIGINT, unless the signal already has a handler."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from pulumi.runtime import mocks, settings

from model_serving.components.engine.interrupts import end_quietly_when_interrupted
from tests.support.running_workspace import PROJECT

PROGRAM = """
import os, signal, threading
from pulumi.runtime import settings
from model_serving.components.engine.interrupts import end_quietly_when_interrupted
settings.SETTINGS.monitor = object()
end_quietly_when_interrupted()
print("printed before", end="")
os.kill(os.getpid(), signal.SIGINT)
threading.Event().wait(20)
"""


@pytest.fixture
def running_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(settings.SETTINGS, "monitor", object())
    yield
    signal.signal(signal.SIGINT, before)


def test_sigint_ends_a_program_without_traceback() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGINT, "printed before", "")


@pytest.mark.usefixtures("running_engine")
def test_an_existing_handler_is_kept() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_quietly_when_interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.usefixtures("running_engine")
def test_an_inline_program_changes_nothing() -> None:
    thread = threading.Thread(target=end_quietly_when_interrupted)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("running_engine")
def test_a_program_under_mocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing(mocks.Mocks):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[object, object]]:
            raise AssertionError(args)

        def call(self, args: mocks.MockCallArgs) -> tuple[dict[object, object], None]:
            raise AssertionError(args)

    monkeypatch.setattr(settings.SETTINGS, "monitor", mocks.MockMonitor(Nothing()))
    end_quietly_when_interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
