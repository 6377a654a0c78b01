"""`model-serving status --watch` and `--wait`: a line for each change, lost answers, and the end."""

import io
import json
import os
import pty
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from rich.console import Console

from model_serving.errors import UserError
from model_serving.operations.live import watch
from model_serving.operations.live.render.changes import Changes
from model_serving.operations.live.render.view import frame_view
from model_serving.operations.live.status import EndpointStatus, StackStatus, State
from model_serving.operations.live.watch import Frame, Watcher
from tests.support.running_workspace import PROJECT
from tests.support.warm_python.environment import warm_environment

LISTING = "/api/2.0/serving-endpoints"
STACK = """\
config:
  databricks:host: {host}
  model-serving:endpoints:
    fraud: {{served_entities: {{one: {{entity: main.ml.fraud, version: "7", workload_size: Small}}}}}}
"""


@pytest.fixture
def folder(frozen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose endpoint is being deployed, and whose state is not readable."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(STACK.format(host=frozen.origin))
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "http://127.0.0.1:1")
    frozen.endpoint("fraud")
    return tmp_path


@contextmanager
def command(folder: Path, *arguments: str, **options: Any) -> Iterator["subprocess.Popen[str]"]:
    words = [
        str(warm_environment() / "bin" / "python"),
        "-P",
        "-m",
        "model_serving",
        "status",
        "--stack",
        "dev",
        "--interval",
        "2s",
        *arguments,
    ]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm", "COLUMNS": "80"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with subprocess.Popen(words, cwd=folder, env=environment, text=True, **pipes) as process:
        yield process


def test_wait_ends_with_the_update(frozen: Any, folder: Path) -> None:
    with command(folder, "--wait", "--timeout", "60s") as process:
        first = process.stderr.readline() if process.stderr else ""
        assert first[9:].startswith("fraud: updating; one new v7; one: Creating resources")
        frozen.clock.advance(60)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, "fraud: ready; one v7" in err, "●  fraud" in out) == (0, True, True)


def test_wait_ends_with_its_time(folder: Path) -> None:
    with command(folder, "--wait", "--timeout", "1s", "--json") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, json.loads(out)["endpoints"][0]["state"]) == (1, "updating")
    assert err.endswith("An update is still in progress after 1 s\n")


def test_a_pipe_gets_a_line_for_each_change(frozen: Any, folder: Path) -> None:
    with command(folder, "--watch", "--json") as process:
        assert process.stdout
        states = [json.loads(process.stdout.readline())["endpoints"][0]["state"]]
        frozen.clock.advance(60)
        states.append(json.loads(process.stdout.readline())["endpoints"][0]["state"])
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert states == ["updating", "ready"]
    assert (process.returncode, err.strip()) == (130, "Interrupted")


def test_a_terminal_gets_a_live_view(folder: Path) -> None:
    ours, theirs = pty.openpty()
    shown = ""
    with command(folder, "--watch", stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        while "Ctrl-C ends" not in shown:
            shown += os.read(ours, 4096).decode(errors="replace")
        process.send_signal(signal.SIGINT)
        with suppress(OSError):  # the other side is closed
            while part := os.read(ours, 4096):
                shown += part.decode(errors="replace")
    os.close(ours)
    assert process.returncode == 130
    assert "updating" in shown
    assert "Traceback" not in shown
    assert shown.rstrip().endswith("Interrupted")


def status(time: float = 0) -> StackStatus:
    return StackStatus("dev", "https://example", time, (EndpointStatus("fraud", "fraud", State.READY),))


def test_a_lost_answer_keeps_the_last_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LEAST_INTERVAL_SECONDS", 0.0)
    answers: Queue[StackStatus | UserError] = Queue()

    def read() -> StackStatus:
        if isinstance(answer := answers.get(), UserError):
            raise answer
        return answer

    frames, seen = Watcher(read, 0.0).frames(), []
    with closing(frames):
        given: list[StackStatus | UserError] = [status(1), UserError("no route"), UserError("no route"), status(2)]
        for number, answer in enumerate(given, start=1):
            answers.put(answer)
            frame = next(each for each in frames if each.reads == number)
            seen.append((frame.status and frame.status.time, frame.problem))
        answers.put(status(3))
    assert seen == [(1, ""), (1, "no route"), (1, "no route"), (2, "")]


def test_lost_answers_are_reported_once() -> None:
    changes = Changes()
    assert [changes.problem(each, 0) for each in ("", "no route", "timeout", "", "")] == [
        None,
        "00:00:00 No answer, trying again: no route",
        None,
        "00:00:00 The workspace answers again",
        None,
    ]


def test_the_view_says_how_old_it_is() -> None:
    console = Console(file=(printed := io.StringIO()), width=80)
    console.print(frame_view(Frame(status(), 90, "no route"), 80, 24, 0, detailed=False))
    shown = printed.getvalue()
    assert "No answer: this is 90 s old. Trying again: no route" in shown
    assert "fraud" in shown


def test_a_hanging_read_delays_no_frame() -> None:
    hang = threading.Event()
    frames = Watcher(lambda: (hang.wait(20) and status()) or status(), 2).frames()
    began = time.monotonic()
    frame = next(frames)
    assert (frame.status, time.monotonic() - began < 5) == (None, True)
    frames.close()
    hang.set()


def test_a_defect_ends_the_watch() -> None:
    def read() -> StackStatus:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        for _ in Watcher(read, 2).frames():
            pass
