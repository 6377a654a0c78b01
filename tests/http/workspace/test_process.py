"""The real process: its output, its exit, and its persistent state."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
READY = re.compile(
    r"Workspace ready at (?P<host>http://127\.0\.0\.1:\d+)\n"
    r"  export DATABRICKS_HOST=(?P=host)\n"
    r"  export DATABRICKS_TOKEN=(?P<token>dapi\w+)\n"
    r"  # or, as the service principal with admin rights\n"
    r"  export DATABRICKS_CLIENT_ID=(?P<client_id>[0-9a-f-]{36})\n"
    r"  export DATABRICKS_CLIENT_SECRET=(?P<secret>dose\w+)\n"
    r"Press Ctrl-C to stop\n"
)
Start = Callable[..., tuple["subprocess.Popen[str]", dict[str, str]]]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "workspace", *arguments]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a workspace on a free port with the test's database; returns the process and its output."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> tuple["subprocess.Popen[str]", dict[str, str]]:
        arguments = ("--port", "0", "--db", str(tmp_path / "workspace.db"), *arguments)
        process = subprocess.Popen(
            command(*arguments), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout
        printed = "".join(process.stdout.readline() for _ in range(7))
        found = READY.fullmatch(printed)
        assert found, printed
        return process, found.groupdict()

    yield run
    for process in started:
        process.kill()
        process.communicate()


def endpoints(printed: dict[str, str]) -> list[str]:
    headers = {"Authorization": f"Bearer {printed['token']}"}
    rows = httpx.get(f"{printed['host']}/api/2.0/serving-endpoints", headers=headers).json()["endpoints"]
    return [row["name"] for row in rows]


def make(printed: dict[str, str], name: str) -> None:
    headers = {"Authorization": f"Bearer {printed['token']}"}
    made = httpx.post(f"{printed['host']}/api/2.0/serving-endpoints", headers=headers, json={"name": name})
    assert made.status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workspace_stops_quietly(start: Start, number: signal.Signals) -> None:
    process, printed = start()
    assert endpoints(printed) == []
    process.send_signal(number)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_acknowledged_write_survives_kill(start: Start) -> None:
    process, printed = start()
    make(printed, "fraud")
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, again = start()
    assert endpoints(again) == ["fraud"]


def test_concurrent_acknowledged_writes_survive_kill(start: Start) -> None:
    process, printed = start("--limit", "changes=100000", "--ready-after", "0")
    acknowledged: list[str] = []

    def write(client: int) -> None:
        for number in range(1000):
            name = f"e{client}-{number}"
            try:
                make(printed, name)
            except httpx.TransportError:
                return
            acknowledged.append(name)
            if len(acknowledged) == 60:
                process.send_signal(signal.SIGKILL)

    with ThreadPoolExecutor(6) as clients:
        list(clients.map(write, range(6)))
    assert process.wait() == -signal.SIGKILL
    _, again = start()
    assert len(acknowledged) >= 60
    assert set(acknowledged) <= set(endpoints(again))


def test_credentials_and_workspace_id_persist(start: Start, tmp_path: Path) -> None:
    process, printed = start()
    probe = httpx.get(f"{printed['host']}/.well-known/databricks-config").json()
    process.send_signal(signal.SIGINT)
    process.wait()
    _, again = start()
    assert {**again, "host": ""} == {**printed, "host": ""}
    assert httpx.get(f"{again['host']}/.well-known/databricks-config").json()["workspace_id"] == probe["workspace_id"]
    shown = subprocess.run(
        command("credentials", "--db", str(tmp_path / "workspace.db"), "--port", "99"),
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert shown.stdout == (f"export DATABRICKS_HOST=http://127.0.0.1:99\nexport DATABRICKS_TOKEN={printed['token']}\n")


def test_service_principal_credentials_are_printed(tmp_path: Path) -> None:
    arguments = command("credentials", "--oauth", "--db", str(tmp_path / "workspace.db"))
    shown = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True)
    names = re.findall(r"export (\w+)=", shown.stdout)
    assert names == ["DATABRICKS_HOST", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"]


def test_used_port_prints_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        arguments = command("--db", ":memory:", "--port", str(port))
        refused = subprocess.run(arguments, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"Can't listen on 127.0.0.1:{port}: Address already in use. Choose another --port (0: any)\n"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("models: [", "while parsing"), ("- a", "A seed must be a mapping"), ("modles: {}", "Unknown part 'modles'")],
)
def test_invalid_seed_file_prints_no_traceback(tmp_path: Path, content: str, sentence: str) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text(content)
    arguments = command("--db", ":memory:", "--port", "0", "--seed", str(seed))
    refused = subprocess.run(arguments, cwd=ROOT, check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_seed_file_is_applied(start: Start, tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("models:\n  dev.risk.score:\n    versions: {1: , 2: {fails: no numpy}}\n")
    _, printed = start("--seed", str(seed), "--ready-after", "0")
    headers = {"Authorization": f"Bearer {printed['token']}"}
    models = httpx.get(f"{printed['host']}/api/2.1/unity-catalog/models", headers=headers).json()["registered_models"]
    assert [model["full_name"] for model in models] == ["dev.risk.score"]


def test_command_line_makes_a_version_fail(start: Start) -> None:
    _, printed = start("--ready-after", "0", "--model", "main.ml.fraud/7:latency=20ms,fails=100%")
    entity = {"entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
    config = {"served_entities": [entity | {"scale_to_zero_enabled": False}]}
    with httpx.Client(base_url=printed["host"], headers={"Authorization": f"Bearer {printed['token']}"}) as http:
        assert http.post("/api/2.0/serving-endpoints", json={"name": "fraud", "config": config}).status_code == 200
        failed = http.post("/serving-endpoints/fraud/invocations", json={"inputs": [1]})
    assert (failed.status_code, failed.elapsed.total_seconds() >= 0.02) == (500, True)


def test_command_line_sets_models_and_quotas(start: Start, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def predict(rows, version):\n    return [1 for row in rows]\n")
    choices = ("--switch", "duplicate-name=409", "--limit", "endpoints=1", "--ready-after", "0")
    _, printed = start("--model", f"main.ml.fraud={tmp_path / 'one.py'}", *choices)
    headers = {"Authorization": f"Bearer {printed['token']}"}
    entity = {"entity_name": "main.ml.fraud", "entity_version": "7", "scale_to_zero_enabled": False}
    body = {"name": "fraud", "config": {"served_entities": [entity]}}
    with httpx.Client(base_url=printed["host"], headers=headers, verify=False) as http:  # noqa: S501 - plain HTTP
        path = "/api/2.0/serving-endpoints"
        assert [http.post(path, json=body | {"name": name}).status_code for name in ("fraud", "fraud", "x")] == [
            200,
            409,
            400,
        ]
        answer = http.post("/serving-endpoints/fraud/invocations", json={"inputs": [5, 6]})
    assert answer.json() == {"predictions": [1, 1]}


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (("--switch", "dup=1"), "Unknown switch 'dup', allowed: absent-scale-to-zero, "),
        (("--limit", "changes=x"), "Limit 'changes' must be a whole number, found 'x'\n"),
        (("--model", "main.ml.fraud"), "--model main.ml.fraud: must be NAME=PATH, NAME/VERSION=PATH or NAME/VERSION:F"),
        (("--model", "main.ml.fraud/8:fails=5"), "main.ml.fraud/8: fails must be a share such as 5%; found '5'\n"),
        (("--model", "main.ml.fraud:slow=1s"), "main.ml.fraud: unknown 'slow' in answers, allowed: latency, jitter, "),
        (("--model", "a.b.c=x.py"), "--model a.b.c=x.py: no such model in the workspace, allowed: main.ml.fraud, "),
        (("--model", "main.ml.iris=/nowhere.py"), "main.ml.iris: /nowhere.py does not exist\n"),
    ],
)
def test_invalid_option_prints_one_line(choice: tuple[str, str], sentence: str) -> None:
    arguments = command("--db", ":memory:", "--port", "0", *choice)
    refused = subprocess.run(arguments, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (3, "", 1)
    assert refused.stderr.startswith(sentence)


def test_invalid_database_prints_one_line(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database " * 100)
    refused = subprocess.run(command("--db", str(file)), cwd=ROOT, check=False, capture_output=True, text=True)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "can't be used as a workspace's database" in refused.stderr


def test_workspace_starts_quickly(start: Start) -> None:
    began = time.monotonic()
    start()
    allowed = 1.5 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert time.monotonic() - began < allowed
