"""`python -m bench.workspace`: how fast the embedded workspace answers, over HTTP, from a process of its own."""

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.support.running_workspace import RunningWorkspace, running_workspace

ENDPOINTS: Final = "/api/2.0/serving-endpoints"
ENTITY: Final = {
    "name": "current",
    "entity_name": "main.ml.fraud",
    "entity_version": "7",
    "workload_size": "Small",
    "scale_to_zero_enabled": False,
}
MANY: Final = 1000
ROWS: Final = json.dumps({"dataframe_records": [{"amount": 12.5}]})


class Client:
    """One connection, kept open, as SDKs do."""

    def __init__(self, workspace: RunningWorkspace) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(workspace.url).netloc)
        self.headers = {"Authorization": f"Bearer {workspace.token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: str | None = None) -> float:
        """How many milliseconds an answer took."""
        began = time.perf_counter()
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:  # noqa: PLR2004
            raise RuntimeError(f"{method} {path}: {answer.status}")
        return (time.perf_counter() - began) * 1000


def main() -> int:
    """Print how many requests a second the workspace answers."""
    parser = argparse.ArgumentParser(prog="python -m bench.workspace", description=__doc__)
    parser.add_argument("--clients", type=int, default=4, help="how many ask at once (default: 4)")
    parser.add_argument("--requests", type=int, default=2000, help="of each kind (default: 2000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        limits = ("--limit", f"changes={10 * MANY}")
        with running_workspace(Path(name) / "workspace.db", "--ready-after", "0", *limits) as workspace:
            client = Client(workspace)
            made = [client.ask("POST", ENDPOINTS, _endpoint(number)) for number in range(MANY)]
            _row(f"create one of {MANY} endpoints", made)
            _row(f"list {MANY} endpoints", [client.ask("GET", ENDPOINTS) for _ in range(10)])
            _row("read one endpoint", [client.ask("GET", f"{ENDPOINTS}/e7") for _ in range(500)])
            query = "/serving-endpoints/e7/invocations"
            _row("query one endpoint", [client.ask("POST", query, ROWS) for _ in range(500)])
            for what, method, path, body in (
                ("reads", "GET", f"{ENDPOINTS}/e7", None),
                ("queries", "POST", query, ROWS),
            ):
                rate = _rate(workspace, options.clients, options.requests, (method, path, body))
                print(f"{what} by {options.clients} clients at once".ljust(38), f"{rate:8.0f} a second")
    return 0


def _endpoint(number: int) -> str:
    return json.dumps({"name": f"e{number}", "config": {"served_entities": [ENTITY]}})


def _row(what: str, times: list[float]) -> None:
    ordered = sorted(times)
    slow = ordered[int(len(ordered) * 0.95)]
    print(what.ljust(38), f"{statistics.median(times):8.1f} ms, 95 % under {slow:.1f} ms")


def _rate(workspace: RunningWorkspace, clients: int, requests: int, request: tuple[str, str, str | None]) -> float:
    def work(client: Client) -> None:
        for _ in range(requests // clients):
            client.ask(*request)

    with ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        list(pool.map(work, [Client(workspace) for _ in range(clients)]))
        return requests / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
