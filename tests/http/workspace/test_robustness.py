"""Invalid requests, and many concurrent ones."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]
ENDPOINTS = "/api/2.0/serving-endpoints"


def test_generated_requests_get_no_5xx() -> None:
    """Sends a few for each operation; `make fuzz` sends more, for five minutes."""
    command = [sys.executable, "-m", "bench.fuzz", "--examples", "5", "--phases", "fuzzing", "--seed", "1"]
    run = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert run.returncode == 0, run.stdout
    assert "No issues found" in run.stdout


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b"\xff\xfe",
        b"null",
        b'"text"',
        b'{"inputs": [NaN]}',
        b'{"inputs": [1e999]}',
        b'{"inputs": ["\\ud800"]}',
        b'{"inputs": ' + b"[" * 100_000,
        b'{"inputs": ' + b"[" * 400 + b"]" * 400 + b"}",
        b'{"name": ' * 50_000,
    ],
    ids=["broken", "list", "bytes", "null", "text", "nan", "infinite", "surrogate", "endless", "deep", "deep object"],
)
@pytest.mark.parametrize("path", [ENDPOINTS, "/serving-endpoints/fraud/invocations", "/_workspace/seed"])
def test_invalid_json_is_rejected(http: httpx.Client, endpoint: Callable[..., Any], path: str, body: bytes) -> None:
    spec = {"entity_name": "main.ml.user_features", "scale_to_zero_enabled": True}
    endpoint("fraud", config={"served_entities": [spec]})
    assert http.post(path, content=body).status_code == 400


def test_concurrent_requests_are_serialized(workspace: Any, http: httpx.Client) -> None:
    def create(number: int) -> int:
        return client.post(ENDPOINTS, json={"name": f"e{number % 5}"}).status_code

    headers = {"Authorization": f"Bearer {workspace.credentials.token}"}
    shared = httpx.Client(base_url=workspace.origin, headers=headers, verify=False)  # noqa: S501 - plain HTTP
    with shared as client, ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(create, range(40)))
    assert statuses == [200] * 5 + [400] * 35
    assert len(http.get(ENDPOINTS).json()["endpoints"]) == 5
    assert len(http.get("/_workspace/journal?writes=true").json()["requests"]) == 40


def test_captured_rows_are_limited(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_serving.workspace.store.database.ROW_LIMIT", 3)
    for number in range(6):
        workspace.store.add_row(f"t{number % 2}", {"n": number})
    assert workspace.store.tables() == [("t0", 1), ("t1", 2)]
