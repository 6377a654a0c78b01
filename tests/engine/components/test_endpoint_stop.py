"""`stopped: true` on the real engine: what is written, what a second run writes, and how it starts again."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from model_serving.cli.main import main
from tests.support.raw_program import Violation, violations
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

UP = ("up", "--yes", "--skip-preview")
LOCAL = "stacks/Pulumi.local.yaml"
RUNNING = '        current: {entity: main.ml.iris, version: "2"'
STOPPED = f"      stopped: true\n{RUNNING}"
ENTITIES = f"      served_entities:\n{RUNNING}"
DECLARED = (LOCAL, ENTITIES, f"      stopped: true\n{ENTITIES}")
IRIS = "/api/2.0/serving-endpoints/iris-classifier"


@pytest.fixture
def stopped(snapshots: Snapshots) -> Iterator[Sandbox]:
    """A stack that was deployed with a new endpoint that is declared stopped."""
    with snapshots.deployed(DECLARED, options=("--ready-after", "1")) as sandbox:
        yield sandbox


def suspend(sandbox: Sandbox) -> str:
    return str(sandbox.workspace.get(IRIS)["state"]["suspend"])


def written(sandbox: Sandbox, before: int) -> list[str]:
    return [write.replace(IRIS, "iris") for write in sandbox.workspace.writes()[before:]]


def drift_of(sandbox: Sandbox, *options: str) -> tuple[int, Any]:
    """The exit status of `model-serving drift` and the endpoint's part of its report."""
    file = sandbox.folder / "report.json"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        patch.chdir(sandbox.folder)
        status = main(["drift", "iris-classifier", "--stack", "local", "--output", str(file), *options])
    return status, json.loads(file.read_text(encoding="utf-8"))["workspaces"][0]["resources"][0]


def test_new_endpoint_is_deployed_and_stopped_last(stopped: Sandbox) -> None:
    endpoint_id = stopped.workspace.get(IRIS)["id"]
    of_iris = [write for write in stopped.workspace.writes() if IRIS in write or endpoint_id in write]
    assert f"PUT /api/2.0/permissions/serving-endpoints/{endpoint_id}" in of_iris
    assert of_iris[-1] == f"POST {IRIS}/config:stop"
    assert suspend(stopped) == "STOPPED"
    before = len(stopped.workspace.writes())
    again = stopped.pulumi(
        "up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes", "--policy-pack", "policies"
    )
    assert "is stopped" not in again.text
    assert written(stopped, before) == []


def test_change_of_a_stopped_endpoint_ends_stopped(stopped: Sandbox) -> None:
    stopped.edit(LOCAL, 'main.ml.iris, version: "2"', 'main.ml.iris, version: "3"')
    before = len(stopped.workspace.writes())
    stopped.pulumi(*UP)
    assert written(stopped, before) == ["PUT iris/config", "POST iris/config:stop"]
    assert suspend(stopped) == "STOPPED"
    assert stopped.workspace.get(IRIS)["config"]["served_entities"][0]["entity_version"] == "3"
    before = len(stopped.workspace.writes())
    stopped.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    assert {write.partition(" ")[0] for write in written(stopped, before)} == {"DELETE"}


def test_start_by_hand_is_drift_and_undone(stopped: Sandbox) -> None:
    stopped.workspace.post(f"{IRIS}/config:start", {})
    while stopped.workspace.get(IRIS)["state"]["ready"] != "READY":
        time.sleep(0.1)
    status, found = drift_of(stopped)
    (field,) = found["fields"]
    assert (status, field["name"], field["declared"], field["live"]) == (2, "stopped", True, False)
    before = len(stopped.workspace.writes())
    status, found = drift_of(stopped, "--revert", "--yes")
    assert (status, found["condition"]) == (0, "as_declared")
    assert written(stopped, before) == ["POST iris/config:stop"]


def test_removed_stop_starts_and_waits_with_words(stopped: Sandbox) -> None:
    stopped.edit(LOCAL, "      stopped: true\n", "      stopped: false\n")
    before = len(stopped.workspace.writes())
    started = stopped.pulumi(*UP)
    assert written(stopped, before) == ["POST iris/config:start"]
    assert stopped.workspace.get(IRIS)["state"]["ready"] == "READY"
    words = 'Endpoint "iris-classifier" is being deployed ("current" creating). Waited 0 s, 45 min at'
    assert words in started.text


def test_stop_of_an_optimized_endpoint_is_advised(snapshots: Snapshots) -> None:
    with snapshots.deployed() as sandbox:
        sandbox.edit(
            "stacks/base.yaml", "      route_optimized: true\n", "      route_optimized: true\n      stopped: true\n"
        )
        preview = sandbox.pulumi("preview", "--policy-pack", "policies")
    assert Violation("stop-supported", "ModelServing", "fraud-scorer", "advisory") in violations(preview.text)
