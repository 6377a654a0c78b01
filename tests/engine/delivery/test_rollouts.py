"""Staged rollouts on the real engine: the declared steps, killed and continued, and a challenger that is too slow."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from model_serving.operations.rollout_history import History, read_history
from tests.support.query_loop import query_loop
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Outcome, Sandbox
from tests.support.snapshots import IMMEDIATE, Snapshots
from tests.support.troubleshooting import STACK, section

FILE = "stacks/base.yaml"
BEFORE = "      traffic: {champion: 95, challenger: 5}\n"
START = "      traffic: {champion: 100, challenger: 0}\n"
TARGET = "      traffic: {champion: 0, challenger: 100}\n"
CONFIG = "PUT /api/2.0/serving-endpoints/fraud-scorer/config"
COUNTERS = (*IMMEDIATE, "--metrics-interval", "0")


@contextmanager
def command(sandbox: Sandbox, *arguments: str, python: str = sys.executable) -> Iterator["subprocess.Popen[str]"]:
    """`model-serving` of this checkout on the sandbox's stack `local`, with both streams in one."""
    path = os.pathsep.join(filter(None, (str(PROJECT), sandbox.environment.get("PYTHONPATH"))))
    with subprocess.Popen(
        [python, "-P", "-m", "model_serving", *arguments, "--stack", "local"],
        cwd=sandbox.folder,
        env={**sandbox.environment, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process


def run(sandbox: Sandbox, *arguments: str) -> Outcome:
    with command(sandbox, *arguments, python=sandbox.python) as process:
        text = process.communicate()[0]
    return Outcome(text, process.returncode)


def reviewed(sandbox: Sandbox) -> str:
    """The digest of a review, as a person approves it."""
    assert run(sandbox, "review", "--refresh", "--output", "review.json").status == 2
    report = json.loads((sandbox.folder / "review.json").read_text(encoding="utf-8"))
    return str(report["stacks"][0]["digest"])


def splits(sandbox: Sandbox) -> list[int]:
    """The challenger's percentages in the order in which the workspace got them."""
    requests = sandbox.workspace.get("/_workspace/journal?writes=true")["requests"]
    bodies = [each["body"] for each in requests if f"{each['method']} {each['path']}" == CONFIG]
    routes = [{each["served_entity_name"]: each for each in body["traffic_config"]["routes"]} for body in bodies]
    return [each["challenger"]["traffic_percentage"] for each in routes]


def history(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> History:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(sandbox.folder)
    return read_history("local")["fraud-scorer"]


def up_to(pattern: str, lines: Iterable[str]) -> str:
    """The lines up to the first that matches, itself included."""
    read = []
    for line in lines:
        read.append(line)
        if re.search(pattern, line):
            return "".join(read)
    raise AssertionError(f"{pattern} is not in:\n{''.join(read)}")


def kill(process: "subprocess.Popen[str]", *, with_engine: bool) -> None:
    """Kill the command as `kill -9` does, and the processes that it has started, or only itself."""
    started = descendants(process.pid) if with_engine else []
    for each in (process.pid, *started):
        os.kill(each, signal.SIGKILL)
    process.wait()


def descendants(pid: int) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
    found = [each for each, parent in parents.items() if parent == pid]
    return found + [deeper for each in found for deeper in descendants(each)]


def test_a_killed_rollout_continues_to_its_target(deployed: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the first update, stopped in a bake, killed in the second update; the same command goes on."""
    project = deployed
    project.edit(FILE, BEFORE, f"{TARGET}      rollout: {{steps: [25, 50], bake: 8s}}\n")
    digest = reviewed(project)
    deploy = ("deploy", "--reviewed", digest)
    project.workspace.post("/_workspace/faults", {"pattern": CONFIG, "delay_seconds": 2})
    with command(project, *deploy) as process:
        while project.workspace.get("/_workspace/faults")["faults"]:
            assert process.poll() is None, "The update is on its way, and its answer is delayed"
            time.sleep(0.05)
        kill(process, with_engine=True)
    entry = section("A rollout stopped halfway")
    with command(project, *deploy) as process:
        assert process.stdout is not None, "It is a pipe"
        printed = up_to("bakes at ", process.stdout)
        second = run(project, *deploy)
        process.send_signal(signal.SIGTERM)
        printed += process.stdout.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert second.status == 1
    assert f"A rollout of fraud-scorer runs already: process {process.pid} on " in second.text
    assert entry.shows(printed.replace("local", STACK)), printed
    assert "Removing the lock on stack local that process" in printed
    assert f"Continuing what was approved as {digest}" in printed
    with command(project, *deploy) as process:
        assert process.stdout is not None, "It is a pipe"
        up_to("goes to champion 50 %", process.stdout)
        up_to("ModelServing fraud-scorer updating", process.stdout)
        kill(process, with_engine=False)
    last = entry.follow(project, DIGEST=digest)
    assert last.status == 0, last.text
    assert splits(project) == [25, 50, 100]
    assert "Rollout of fraud-scorer to challenger 100 %: reached its target" in last.text
    kept = history(project, monkeypatch)
    assert [(each.split["challenger"], each.verdict.value) for each in kept.entries] == [
        (25, "passed"),
        (50, "passed"),
        (100, "reached"),
    ]
    assert len({each.run for each in kept.entries}) == 1
    again = run(project, *deploy)
    assert (again.status, again.text.splitlines()[-1]) == (0, "Nothing to deploy: the workspace is as declared")


def test_a_refused_step_goes_back(snapshots: Snapshots) -> None:
    with snapshots.deployed((FILE, BEFORE, START)) as project:
        project.edit(FILE, START, f"{TARGET}      rollout: {{steps: [25, 50], bake: 1s}}\n")
        project.workspace.post("/_workspace/faults", {"pattern": CONFIG, "status": 409, "message": "Busy", "skip": 1})
        failed = run(project, "rollout", "--yes")
        assert failed.status == 1, failed.text
        assert splits(project) == [25, 50, 0], "50 % was refused"
        reason = "failed at 50 %: its deployment failed: cannot update model serving: Busy."
        assert f"fraud-scorer {reason} It serves champion 100 %" in failed.text
        status = " ".join(run(project, "status").text.split())
        assert f"the last rollout {reason.removesuffix('.')}" in status


def test_a_failed_step_goes_back_though_files_changed(snapshots: Snapshots) -> None:
    """Somebody edits the endpoint, or breaks the file, while a step bakes."""
    with snapshots.deployed((FILE, BEFORE, START)) as project:
        gate = "{command: [sh, -c, 'echo \\\"  - broken\\\" >> stacks/base.yaml; false']}"
        project.edit(FILE, START, f"{TARGET}      rollout: {{steps: [25], bake: 1s, gate: {gate}}}\n")
        files = (project.folder / FILE).read_text(encoding="utf-8")
        failed = run(project, "rollout", "--yes")
        assert failed.status == 1, failed.text
        assert splits(project) == [25, 0]
        assert "Going back without the stack files: " in failed.text
        assert "fraud-scorer failed at 25 %: challenger: command sh: exit status 1" in failed.text
        (project.folder / FILE).write_text(files, encoding="utf-8")
        review = run(project, "review", "--refresh").text
        assert "It went back to champion 100 %" in " ".join(review.split())
        assert "was rolled back" not in review
        assert "Changed outside" not in review


@pytest.fixture
def slow(snapshots: Snapshots) -> Iterator[Sandbox]:
    """The project with all traffic on the champion, beside a challenger that takes 200 ms."""
    options = (*COUNTERS, "--model", "main.ml.fraud/8:latency=200ms")
    with snapshots.deployed((FILE, BEFORE, START), options=options) as sandbox:
        yield sandbox


def test_a_slow_challenger_is_rolled_back(slow: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    project = slow
    gate = "{errors_below: 1%, p95_below: 80ms, smoke: true}"
    project.edit(FILE, START, f"{TARGET}      rollout: {{steps: [5, 25], bake: 2s, gate: {gate}}}\n")
    digest = reviewed(project)
    with query_loop(project, "fraud-scorer") as loop:
        loop.wait(2)
        failed = run(project, "deploy", "--reviewed", digest, "--output", "deploy.json")
        loop.wait(2)
    assert failed.status == 1, failed.text
    assert splits(project) == [5, 0]
    assert set(loop.statuses) == {200}, "No request is lost"
    assert 0 < loop.share("challenger") < 0.02
    broken = r"fraud-scorer failed at 5 %: challenger: p95: [\d.,]+ ms of \d+ requests \(bound: below 80 ms\)"
    assert re.search(broken, failed.text), failed.text
    assert failed.text.rstrip().endswith("--again")
    record: dict[str, Any] = json.loads((project.folder / "deploy.json").read_text(encoding="utf-8"))
    (rollout,) = record["stacks"][0]["rolled_out"].values()
    assert [each["verdict"] for each in rollout["entries"]] == ["failed", "back"]
    assert rollout["entries"][0]["figures"]["challenger"]["p95_ms"] > 80
    kept = history(project, monkeypatch)
    assert (kept.failed, kept.record.split) == (True, {"champion": 100, "challenger": 0})
    refused = run(project, "deploy", "--reviewed", digest)
    assert refused.status == 1
    assert "The rollout of fraud-scorer to challenger 100 % failed on" in refused.text
    assert splits(project) == [5, 0]
