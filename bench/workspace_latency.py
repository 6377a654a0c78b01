"""`python -m bench.workspace_latency`: the latency and throughput of the embedded workspace, over HTTP."""

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
ENDPOINT_COUNT: Final = 1000
ROWS: Final = json.dumps({"dataframe_records": [{"amount": 12.5}]})


class Client:
    """A client with a persistent connection, as in SDKs."""

    def __init__(self, workspace: RunningWorkspace) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(workspace.url).netloc)
        self.headers = {"Authorization": f"Bearer {workspace.token}", "Content-Type": "application/json"}

    def send(self, method: str, path: str, body: str | None = None) -> float:
        """Sends a request and returns the milliseconds until its response."""
        start = time.perf_counter()
        self.connection.request(method, path, body, self.headers)
        response = self.connection.getresponse()
        response.read()
        if response.status != 200:  # noqa: PLR2004
            raise RuntimeError(f"{method} {path}: {response.status}")
        return (time.perf_counter() - start) * 1000


def main() -> int:
    """Print the latency of each kind of request, and the throughput of reads and queries."""
    parser = argparse.ArgumentParser(prog="python -m bench.workspace_latency", description=__doc__)
    parser.add_argument("--clients", type=int, default=4, help="concurrent clients (default: 4)")
    parser.add_argument("--requests", type=int, default=2000, help="requests of each kind (default: 2000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        limits = ("--limit", f"changes={10 * ENDPOINT_COUNT}")
        with running_workspace(Path(name) / "workspace.db", "--ready-after", "0", *limits) as workspace:
            client = Client(workspace)
            creates = [client.send("POST", ENDPOINTS, _endpoint(number)) for number in range(ENDPOINT_COUNT)]
            _row(f"create one of {ENDPOINT_COUNT} endpoints", creates)
            _row(f"list {ENDPOINT_COUNT} endpoints", [client.send("GET", ENDPOINTS) for _ in range(10)])
            _row("read one endpoint", [client.send("GET", f"{ENDPOINTS}/e7") for _ in range(500)])
            query = "/serving-endpoints/e7/invocations"
            _row("query one endpoint", [client.send("POST", query, ROWS) for _ in range(500)])
            for what, method, path, body in (
                ("reads", "GET", f"{ENDPOINTS}/e7", None),
                ("queries", "POST", query, ROWS),
            ):
                rate = _rate(workspace, options.clients, options.requests, (method, path, body))
                print(f"{what} by {options.clients} concurrent clients".ljust(38), f"{rate:8.0f} requests/s")
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
            client.send(*request)

    with ThreadPoolExecutor(clients) as pool:
        start = time.perf_counter()
        list(pool.map(work, [Client(workspace) for _ in range(clients)]))
        return requests / (time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
