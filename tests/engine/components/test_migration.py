"""A migration in its deployments, on the real engine: the writes that the workspace sees, in order."""

from typing import Any

from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

UP = ("up", "--yes", "--skip-preview")
WITH_POLICIES = ("--policy-pack", "policies")
BASE, LOCAL = "stacks/base.yaml", "stacks/Pulumi.local.yaml"
ENDPOINTS = "/api/2.0/serving-endpoints"
PERMISSIONS = "/api/2.0/permissions/serving-endpoints"
WAREHOUSE = {"DATABRICKS_WAREHOUSE_ID": "0123456789abcdef"}

FRAUD, FLIPPED = "    fraud-scorer:\n", "      route_optimized: false\n"
OPTIMIZED = "      route_optimized: true\n"
PROTECTED = (BASE, "      tags: {team: risk}\n", "      tags: {team: risk}\n      protect: true\n")
SECOND = "      name: fraud-scorer-2\n"
BLOCK = "      predecessor: {name: fraud-scorer, route_optimized: true}\n"
SWAPPED = "      predecessor: {name: fraud-scorer-2, route_optimized: false}\n"
UNPROTECTED = SWAPPED.replace("}", ", protect: false}")

IRIS = "    iris-classifier:\n"
TRACKED = (LOCAL, IRIS, f"{IRIS}      ai_gateway: {{usage_tracking: true}}\n")
NEW_IRIS = "      name: iris-2\n"
OLD_IRIS = "      predecessor: {}\n"


def writes(sandbox: Sandbox) -> list[str]:
    """The writes so far, without statements that read a table."""
    return [each for each in sandbox.workspace.writes() if "/sql/" not in each]


def writes_of(sandbox: Sandbox, *command: str, **environment: str) -> list[str]:
    """The writes of a command that succeeds."""
    before = len(writes(sandbox))
    sandbox.pulumi(*command, check=True, **environment)
    return writes(sandbox)[before:]


def refused(sandbox: Sandbox, *command: str, **environment: str) -> str:
    """What a command prints that is refused without a write."""
    before = writes(sandbox)
    outcome = sandbox.pulumi(*command, check=False, **environment)
    assert outcome.refused, outcome.text
    assert writes(sandbox) == before
    return outcome.text


def id_of(sandbox: Sandbox, name: str) -> str:
    return str(sandbox.workspace.get(f"{ENDPOINTS}/{name}")["id"])


def test_only_the_retired_endpoint_is_ever_deleted(snapshots: Snapshots) -> None:
    with snapshots.deployed(PROTECTED) as sandbox:
        first = sandbox.outputs()["endpoints"]["fraud-scorer"]
        sandbox.edit(BASE, OPTIMIZED, FLIPPED)
        sandbox.edit(BASE, FRAUD, FRAUD + SECOND + BLOCK)
        begun = writes_of(sandbox, *UP, *WITH_POLICIES)
        second = sandbox.outputs()["endpoints"]["fraud-scorer"]
        assert begun == [f"POST {ENDPOINTS}", f"PUT {PERMISSIONS}/{second['id']}"]
        assert second.pop("predecessor") == first
        assert (second["name"], second["route_optimized"]) == ("fraud-scorer-2", False)
        assert writes_of(sandbox, *UP, "--refresh", "--expect-no-changes") == []
        # And back again: both names swap, and nothing is created.
        sandbox.edit(BASE, FLIPPED, OPTIMIZED)
        sandbox.edit(BASE, SECOND + BLOCK, SWAPPED)
        assert writes_of(sandbox, *UP) == []
        assert sandbox.outputs()["endpoints"]["fraud-scorer"] == {**first, "predecessor": second}
        # A protected predecessor is retired in two deployments.
        sandbox.edit(BASE, SWAPPED, "")
        assert 'endpoint "fraud-scorer-2" is protected and not declared any more' in refused(sandbox, *UP)
        sandbox.edit(BASE, FRAUD, FRAUD + UNPROTECTED)
        assert writes_of(sandbox, *UP) == []
        sandbox.edit(BASE, UNPROTECTED, "")
        assert writes_of(sandbox, *UP) == [f"DELETE {ENDPOINTS}/fraud-scorer-2"]
        assert writes_of(sandbox, *UP, "--refresh", "--expect-no-changes") == []
        assert sandbox.outputs()["endpoints"]["fraud-scorer"] == first


def test_a_called_predecessor_is_not_retired(snapshots: Snapshots) -> None:
    with snapshots.deployed(TRACKED) as sandbox:
        old = id_of(sandbox, "iris-classifier")
        sandbox.edit(LOCAL, IRIS, IRIS + NEW_IRIS)
        migrate = "run `model-serving migrate iris-classifier --name iris-2 --stack local`"
        assert f"Without an outage: take this edit back, then {migrate}" in refused(sandbox, "preview")
        sandbox.edit(LOCAL, NEW_IRIS, NEW_IRIS + OLD_IRIS)
        sandbox.pulumi(*UP)
        ask(sandbox, "iris-classifier")
        sandbox.edit(LOCAL, OLD_IRIS, "")
        for command in (("preview",), UP):
            message = refused(sandbox, *command, **WAREHOUSE)
            assert (
                'predecessor-is-quiet" failed: Endpoint "iris-classifier" can\'t be retired: 1 request since' in message
            )
        sandbox.edit(LOCAL, NEW_IRIS, NEW_IRIS + OLD_IRIS)
        assert writes_of(sandbox, *UP, "--expect-no-changes") == []
        sandbox.edit(LOCAL, OLD_IRIS, f"      replace_id: {old}\n")
        assert writes_of(sandbox, *UP) == [f"DELETE {ENDPOINTS}/iris-classifier"]
        sandbox.edit(LOCAL, f"      replace_id: {old}\n", "")
        assert writes_of(sandbox, *UP, "--expect-no-changes") == []


def ask(sandbox: Sandbox, name: str) -> None:
    flower = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
    sandbox.workspace.post(f"/serving-endpoints/{name}/invocations", {"dataframe_records": [flower]})


def test_a_successor_without_an_answer_is_taken_over(snapshots: Snapshots) -> None:
    with snapshots.deployed(TRACKED) as sandbox:
        sandbox.edit(LOCAL, IRIS, IRIS + NEW_IRIS + OLD_IRIS)
        fault: dict[str, Any] = {"pattern": f"POST {ENDPOINTS}", "after_handler": True, "status": 504, "times": 1}
        sandbox.workspace.post("/_workspace/faults", fault)
        assert sandbox.pulumi(*UP, check=False).refused
        created = id_of(sandbox, "iris-2")
        assert sorted(writes_of(sandbox, *UP)) == [f"PUT {PERMISSIONS}/{created}", f"PUT {ENDPOINTS}/iris-2/ai-gateway"]
        assert sandbox.outputs()["endpoints"]["iris-classifier"]["id"] == created
        # The stack goes as a whole: nothing of it is a retirement, though the predecessor is called.
        ask(sandbox, "iris-classifier")
        destroyed = writes_of(sandbox, "destroy", "--yes", "--skip-preview", "--run-program", **WAREHOUSE)
        assert {f"DELETE {ENDPOINTS}/{name}" for name in ("iris-classifier", "iris-2")} <= set(destroyed)
        assert not sandbox.workspace.get(ENDPOINTS).get("endpoints")
