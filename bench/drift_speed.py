"""`python -m bench.drift_speed`: how long `drift` takes for a stack of 1,000 endpoints, on the embedded workspace.

The workspace runs in a process of its own. Every endpoint has declared permissions, so that each needs two reads. The
state is a file that the real engine prints. For comparison: the Databricks provider, which a refresh reads with, limits
itself to 15 requests a second. Source: terraform-provider-databricks, common/client.go, DefaultRateLimitPerSecond.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.operations.drift.read import read_drift
from model_serving.operations.drift.report import Condition, DriftReport
from model_serving.spec import Stack, load_stack
from tests.support.declared_workspace import deploy
from tests.support.running_workspace import running_workspace
from toolchain.environment import pulumi_environment

PROVIDER_READS_A_SECOND: Final = 15
MOST_SECONDS: Final = 5.0
STACK: Final = "prod"
_ENDPOINT: Final = {
    "served_entities": {"champion": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}},
    "permissions": [{"group": "ml-engineers", "level": "CAN_QUERY"}],
    "tags": {"team": "risk"},
}


def main() -> int:
    """Print the figures; 1 if what was changed by hand is not what is found, or it takes over 5 seconds."""
    parser = argparse.ArgumentParser(prog="python -m bench.drift_speed", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=1000, help="endpoints of the stack (default: 1000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drift-") as name, contextlib.chdir(name):
        limits = ("--limit", f"changes={10 * options.endpoints}", "--limit", f"endpoints={2 * options.endpoints}")
        with running_workspace(Path(name) / "workspace.db", "--ready-after", "0", *limits) as workspace:
            os.environ.update(_environment(Path(name), workspace.url, workspace.token))
            with httpx.Client(base_url=workspace.url, headers={"Authorization": f"Bearer {workspace.token}"}) as http:
                _make(Path(name), http, workspace.url, options.endpoints)
                changed = _change_by_hand(http)
            return _measure(options.endpoints, changed)


def _environment(folder: Path, host: str, token: str) -> dict[str, str]:
    """Pulumi with a state in the folder, and the workspace's credentials."""
    return {**pulumi_environment(folder / "home"), "DATABRICKS_HOST": host, "DATABRICKS_TOKEN": token}


def _make(folder: Path, http: httpx.Client, host: str, number: int) -> None:
    """The project, its endpoints in the workspace, and their state."""
    endpoints = {f"scorer-{index}": _ENDPOINT for index in range(number)}
    (folder / "stacks").mkdir()
    config = {"databricks:host": host, "model-serving:endpoints": endpoints}
    (folder / "stacks" / f"Pulumi.{STACK}.yaml").write_text(json.dumps({"config": config}, indent=1))
    (folder / "Pulumi.yaml").write_text("{name: model-serving, runtime: python, stackConfigDir: stacks}\n")
    spec = load_stack(STACK, folder / "stacks")
    print(f"Making {number} endpoints", file=sys.stderr)
    _record(folder, _deployed(http, spec))


def _deployed(http: httpx.Client, spec: Stack) -> list[dict[str, Any]]:
    def call(method: str, path: str, body: Any) -> Any:
        return http.request(method, path, json=body).raise_for_status().json()

    return deploy(call, STACK, spec, {}, lambda: None)


def _record(folder: Path, resources: list[dict[str, Any]]) -> None:
    """Write the state as Pulumi's backend for files keeps it."""
    manifest = {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""}
    custom = [{"custom": "databricks:" in each["type"], **each} for each in resources]
    checkpoint = {"stack": STACK, "latest": {"manifest": manifest, "resources": custom}}
    place = folder / "home" / "state" / ".pulumi"
    (place / "stacks" / "model-serving").mkdir(parents=True)
    (place / "meta.yaml").write_text("version: 1\n")
    file = place / "stacks" / "model-serving" / f"{STACK}.json"
    file.write_text(json.dumps({"version": 3, "checkpoint": checkpoint}))


def _change_by_hand(http: httpx.Client) -> list[str]:
    """Change some endpoints, and return the names that a comparison must report."""
    tags = {"add_tags": [{"key": "by", "value": "hand"}]}
    http.patch(f"{endpoint_path('scorer-3')}/tags", json=tags).raise_for_status()
    identity = http.get(endpoint_path("scorer-5")).json()["id"]
    entry = {"group_name": "users", "permission_level": "CAN_MANAGE"}
    http.patch(access_list_path(identity), json={"access_control_list": [entry]}).raise_for_status()
    http.delete(endpoint_path("scorer-7")).raise_for_status()
    http.post(ENDPOINTS_PATH, json={"name": "by-hand"}).raise_for_status()
    return ["scorer-3", "scorer-5", "scorer-7", "by-hand"]


def _measure(number: int, changed: list[str]) -> int:
    began, used = time.perf_counter(), time.process_time()
    report = read_drift([STACK], whole_workspace=True)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    calls = report.workspaces[0].calls
    found = _found(report)
    rows = {
        "endpoints": str(number),
        "requests to the workspace": str(calls),
        "files, state, requests and comparison": f"{seconds:.1f} s",
        "of that, processor time of this process": f"{cpu:.1f} s",
        f"a refresh, at {PROVIDER_READS_A_SECOND} requests a second": f"{calls / PROVIDER_READS_A_SECOND:.0f} s",
        "found": ", ".join(found),
    }
    for what, value in rows.items():
        print(f"{what:42}{value:>8}")
    return 0 if sorted(found) == sorted(changed) and seconds < MOST_SECONDS else 1


def _found(report: DriftReport) -> list[str]:
    return [each.name for each in report.resources if each.condition is not Condition.AS_DECLARED]


if __name__ == "__main__":
    sys.exit(main())
