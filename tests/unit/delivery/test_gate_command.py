"""A gate's command: a program without a shell, whose status decides, and which never outlives its time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model_serving.delivery.rollout.gate import command as command_module
from model_serving.delivery.rollout.gate.command import failure_of_command


def script(folder: Path, text: str, *, executable: bool = True) -> list[str]:
    file = folder / "check.sh"
    file.write_text(text)
    file.chmod(0o755 if executable else 0o644)
    return ["./check.sh", "an argument; echo injected"]


def run(folder: Path, command: list[str], seconds: float = 20) -> tuple[str, str]:
    """Why it failed, and what it showed."""
    shown: list[str] = []
    failure = failure_of_command(command, folder, {"MODEL_SERVING_STEP": "25"}, seconds, shown.append)
    return failure, "".join(shown)


def test_a_command_gets_its_arguments_and_variables(tmp_path: Path) -> None:
    command = script(tmp_path, '#!/bin/sh\necho "$1 at $MODEL_SERVING_STEP in $(pwd)"\n')
    assert run(tmp_path, command) == ("", f"an argument; echo injected at 25 in {tmp_path}\n")


def test_another_status_is_a_failure(tmp_path: Path) -> None:
    assert run(tmp_path, script(tmp_path, "#!/bin/sh\nexit 7\n")) == ("exit status 7", "")


@pytest.mark.parametrize(
    ("text", "executable", "failure"),
    [
        ("#!/bin/sh\n", False, "can't be run: Permission denied. Make it executable: chmod +x ./check.sh"),
        ("no interpreter\n", True, "can't be run: Exec format error. A script begins with the line of its interpreter"),
    ],
)
def test_a_command_that_cannot_run_says_why(tmp_path: Path, text: str, executable: bool, failure: str) -> None:
    assert run(tmp_path, script(tmp_path, text, executable=executable))[0].startswith(failure)


def test_a_missing_command_says_what_is_allowed(tmp_path: Path) -> None:
    failure, _ = run(tmp_path, ["./none.sh"])
    assert failure.startswith("can't be run: No such file or directory. A command is a program on PATH, or a path")


def test_a_slow_command_ends_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_module, "_END_SECONDS", 0.5)
    command = script(tmp_path, "#!/bin/sh\ntrap '' TERM\nsleep 60 &\necho $! > child\nwait\nsleep 60\n")
    began = time.monotonic()
    failure, _ = run(tmp_path, command, seconds=0.5)
    assert failure == "ended after 0.5 s, which is as long as it may take"
    assert time.monotonic() - began < 15
    assert ended(int((tmp_path / "child").read_text()))


def test_credentials_are_removed_from_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "a-long-secret-value")
    monkeypatch.setenv("MODEL_SERVING_REVIEW_KEY", "the-key-of-reviews")
    command = script(tmp_path, '#!/bin/sh\necho "token $DATABRICKS_TOKEN, key $MODEL_SERVING_REVIEW_KEY."\n')
    assert run(tmp_path, command) == ("", "token [secret], key .\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)])
def test_an_interrupt_ends_the_command(tmp_path: Path, number: signal.Signals, status: int) -> None:
    script(tmp_path, "#!/bin/sh\necho $$ > child\nexec sleep 60\n")
    program = (
        "import sys; from pathlib import Path; from model_serving.errors import InterruptedRunError as Interrupted\n"
        "from model_serving.delivery.rollout.gate.command import failure_of_command\n"
        "try: failure_of_command(['./check.sh'], Path(sys.argv[1]), {}, 50, print)\n"
        "except Interrupted as error: sys.exit(error.status)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.DEVNULL)
    child = started(tmp_path / "child")
    process.send_signal(number)
    assert process.wait(20) == status
    assert ended(child)


def started(file: Path) -> int:
    """The process id in a file, once it is written."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text().strip()):
            return int(text)
        time.sleep(0.02)
    raise AssertionError(f"{file} is not written")


def ended(process: int) -> bool:
    """Whether a process ends soon: nobody waits here for the children of another one."""
    deadline = time.monotonic() + 10
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(process)


def is_running(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        os.kill(process, 0)
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
