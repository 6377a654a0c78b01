"""How `pulumi` is run: output without secrets as it comes, one signal passed on, its end awaited."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model_serving.review.plan import engine_process
from model_serving.review.plan.credentials import MASK, LineScrubber, Scrubber
from model_serving.review.plan.engine_process import EngineRun, run_engine
from model_serving.review.plan.pulumi_command import run_pulumi
from tests.support.golden_cases import CASES

PROJECT = Path(__file__).resolve().parents[3]
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEplanted\nqK9planted\n-----END RSA PRIVATE KEY-----"
PLANTED = ("planted-in-one-line", "planted-first\nab\nplanted-last", "dapi" + "0123456789abcdef" * 2, KEY)


def run(script: str, notify: Callable[[str], None] = lambda _text: None) -> tuple[EngineRun, list[str]]:
    shown: list[str] = []
    ran = run_engine([sys.executable, "-c", script], Path(), os.environ, Scrubber(PLANTED), shown.append, notify=notify)
    return ran, shown


def test_lines_are_shown_without_secrets() -> None:
    ran, shown = run(f"print('one'); print({PLANTED[0]!r} + ' two'); print('three', end=''); raise SystemExit(7)")
    assert shown == ["one\n", f"{MASK} two\n", "three"]
    assert ran == EngineRun(7, "".join(shown))


def test_line_is_shown_before_the_next_one(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    waits = f"while not pathlib.Path({str(seen)!r}).exists(): time.sleep(.01)"
    script = f"import pathlib, time\nprint('one', flush=True)\n{waits}"
    shown: list[str] = []

    def show(text: str) -> None:
        shown.append(text)
        seen.touch()

    run_engine([sys.executable, "-c", script], Path(), os.environ, Scrubber([]), show)
    assert shown == ["one\n"]


@pytest.mark.parametrize("seed", range(200))
def test_line_scrubber_equals_scrubber(seed: int) -> None:
    """Random texts with whole and truncated secrets: line by line the result is the same."""
    chance = random.Random(seed)  # noqa: S311  a text, not a key
    pieces = [*PLANTED, *(part[: chance.randrange(len(part))] for part in PLANTED), "\n", " word ", "\n\n", "é"]
    text = "".join(chance.choice(pieces) for _ in range(chance.randrange(40)))
    scrub = Scrubber(PLANTED)
    lines = LineScrubber(scrub)
    assert "".join([*map(lines.feed, text.splitlines(keepends=True)), lines.end()]) == scrub(text)


FAKE = """#!{python}
import os, pathlib, shutil, signal, sys, time
notes = pathlib.Path({notes!r})
signals = []
signal.signal(signal.SIGINT, lambda number, frame: signals.append("SIGINT"))
signal.signal(signal.SIGTERM, lambda number, frame: signals.append("SIGTERM"))
if sys.argv[1:3] == ["stack", "export"]:
    pathlib.Path(sys.argv[sys.argv.index("--file") + 1]).write_text('{{"version": 3}}')
    sys.exit()
notes.open("a").write(sys.argv[1] + "\\n")
if "--event-log" in sys.argv:
    shutil.copy({events!r}, sys.argv[sys.argv.index("--event-log") + 1])
if sys.argv[1] != {stops_at!r}:
    sys.exit()
print("creating, and the password is planted-in-the-shell", flush=True)
until = time.monotonic() + 30
while not (signals and notes.with_name("proceed").exists()) and time.monotonic() < until:
    time.sleep(0.01)
print("created what had begun", flush=True)
notes.open("a").write(" ".join(signals) + "\\n")
sys.exit(1)
"""
"""A `pulumi` that plays a recorded preview, waits for a signal in one command, and then finishes what it has begun."""


def write_fake(folder: Path, stops_at: str) -> None:
    events, notes = CASES / "canary-step" / "events.jsonl", folder / "notes"
    fake = folder / "pulumi"
    fake.write_text(FAKE.format(python=sys.executable, notes=str(notes), events=str(events), stops_at=stops_at))
    fake.chmod(0o755)


def environment(folder: Path) -> dict[str, str]:
    found = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(PROJECT)}
    return {**found, "A_PASSWORD": "planted-in-the-shell", "PULUMI_CONFIG_PASSPHRASE": "local"}


def deploy(reviewed: str) -> list[str]:
    return [sys.executable, "-P", "-m", "model_serving", "deploy", "--stack", "local", "--reviewed", reviewed]


class Deployment:
    """`model-serving deploy` in a group of its own, as a terminal's foreground, with a fake `pulumi`."""

    def __init__(self, folder: Path, stops_at: str) -> None:
        self.notes = folder / "notes"
        self.digest = self._digest(folder)
        self.notes.unlink()
        write_fake(folder, stops_at)
        self.process = subprocess.Popen(
            deploy(self.digest),
            cwd=CASES / "canary-step",
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def _digest(self, folder: Path) -> str:
        """The digest of the preview, from a deployment of another one."""
        write_fake(folder, "nothing")
        report = folder / "report.json"
        command = [*deploy("0" * 32), "--output", str(report)]
        ran = subprocess.run(
            command, cwd=CASES / "canary-step", env=environment(folder), capture_output=True, check=False
        )
        assert ran.returncode == 2
        return str(json.loads(report.read_text())["stacks"][0]["digest"])

    def read_until(self, pattern: str) -> str:
        """Standard error up to a line that matches."""
        assert self.process.stderr is not None, "Its errors are a pipe"
        text = ""
        for line in self.process.stderr:
            text += line
            if re.search(pattern, line):
                return text
        raise AssertionError(f"It ended without {pattern!r}: {text}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_only_the_first_signal_is_passed_on(tmp_path: Path, number: signal.Signals) -> None:
    run = Deployment(tmp_path, "up")
    before = run.read_until("creating")
    os.killpg(run.process.pid, number)
    waiting = run.read_until("received")
    os.killpg(run.process.pid, signal.SIGINT)
    waiting += run.read_until("received")
    (tmp_path / "proceed").touch()
    out, rest = run.process.communicate(timeout=30)
    assert (run.process.returncode, out) == (128 + number, "")
    assert "planted-in-the-shell" not in before + waiting + rest
    assert f"{number.name} received: waiting for `pulumi up` to finish what it has begun, then it stops." in waiting
    assert "created what had begun" in waiting + rest
    assert run.notes.read_text().split() == ["version", "preview", "up", "SIGINT"]
    assert rest.endswith(
        f"""Interrupted ({number.name}). Completed steps stay deployed, and the stack's state records them. To continue:
  model-serving review --stack local --refresh
      reports the remaining steps and their digest
  model-serving deploy --stack local --reviewed DIGEST
      deploys them; if no step was completed, the digest is still {run.digest}
  pulumi cancel --stack local --yes
      run this first if pulumi reports that the stack is locked and no other deployment of it is running
"""
    )


def test_interrupted_preview_deploys_nothing(tmp_path: Path) -> None:
    run = Deployment(tmp_path, "preview")
    run.read_until("Previewing stack local")
    while "preview" not in (run.notes.read_text() if run.notes.exists() else ""):
        time.sleep(0.01)
    (tmp_path / "proceed").touch()
    os.killpg(run.process.pid, signal.SIGINT)
    _, errors = run.process.communicate(timeout=30)
    assert run.process.returncode == 130
    assert errors.endswith("The preview of stack local was interrupted; it changes nothing\n")
    assert run.notes.read_text().split() == ["version", "preview", "SIGINT"]


def test_programs_never_get_the_review_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "pulumi"
    fake.write_text("#!/bin/sh\nenv\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("MODEL_SERVING_REVIEW_KEY", "planted-review-key-of-32-bytes!!")
    ran = run_pulumi("preview", "local", tmp_path, [])
    assert "PULUMI_DEBUG_COMMANDS=1" in ran.text
    assert "REVIEW_KEY" not in ran.text


def test_long_silence_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process, "_QUIET_SECONDS", 0.1)
    messages: list[str] = []
    run("import time; time.sleep(1)", messages.append)
    assert re.fullmatch(r"\d+ s: `.*python\S* -c` is still running\n", messages[0])


def test_plugin_outliving_the_engine_is_not_awaited() -> None:
    script = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)']); print(1)"
    started = time.monotonic()
    ran, _ = run(script)
    assert (ran.status, ran.text) == (0, "1\n")
    assert time.monotonic() - started < 10
