"""An embedded workspace in a process of its own, for tests and for the demo."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class RunningWorkspace:
    """An embedded workspace on loopback and its administrator's credentials."""

    url: str
    token: str
    client: Mapping[str, str] = field(default_factory=dict)
    """The client id and the secret of the administrating service principal, as environment variables."""

    def get(self, path: str) -> Any:
        """What the workspace answers its administrator."""
        return self._call("GET", path)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def patch(self, path: str, body: object) -> Any:
        return self._call("PATCH", path, json.dumps(body).encode())

    def put(self, path: str, body: object) -> Any:
        """The response to a PUT of a JSON body. Raises urllib.error.HTTPError."""
        return self._call("PUT", path, json.dumps(body).encode())

    def post(self, path: str, body: object) -> Any:
        return self._call("POST", path, json.dumps(body).encode())

    def writes(self) -> list[str]:
        """The writes to serving endpoints, permissions and principals so far, in order, as `METHOD /path`."""
        requests = self.get("/_workspace/journal?writes=true")["requests"]
        return [f"{request['method']} {request['path']}" for request in requests if "/api/" in request["path"]]

    def _call(self, method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  the address is our own
            self.url + path, body, method=method, headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")


@contextmanager
def running_workspace(database: Path, *options: str, python: str = sys.executable) -> Iterator[RunningWorkspace]:
    """An embedded workspace in a process of its own, on a free port, stopped at the end."""
    command = [python, "-m", "workspace", "--port", "0", "--db", str(database), *options]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        yield _ready(process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _ready(process: "subprocess.Popen[str]") -> RunningWorkspace:
    """Read the ready lines, which hold the address and the credentials."""
    assert process.stdout is not None, "The workspace's output is a pipe"
    exported: dict[str, str] = {}
    for line in process.stdout:
        if match := re.match(r"\s*export (\w+)=(\S+)", line):
            exported[match[1]] = match[2]
        if "DATABRICKS_CLIENT_SECRET" in exported:
            client = {name: exported[name] for name in ("DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET")}
            return RunningWorkspace(exported["DATABRICKS_HOST"], exported["DATABRICKS_TOKEN"], client)
    raise RuntimeError(f"The workspace ended with status {process.wait()} before it was ready")
