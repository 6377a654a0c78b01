"""Endpoints that are live and not in the state, on the real engine: ours are taken over, another's are an error."""

from collections.abc import Callable

import pytest

from model_serving.delivery.yaml_edit import without_key
from tests.support.killed_run import is_written, killed_when
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots
from tests.support.troubleshooting import section

UP = ("up", "--yes", "--skip-preview")
ENDPOINTS = "/api/2.0/serving-endpoints"
CREATION = f"POST {ENDPOINTS}"
LOST = {"pattern": CREATION, "after_handler": True}


def writes_of(sandbox: Sandbox, action: Callable[[], object]) -> list[str]:
    before = len(sandbox.workspace.writes())
    action()
    return sandbox.workspace.writes()[before:]


def live(sandbox: Sandbox) -> dict[str, str]:
    """The id of each endpoint, by name."""
    return {each["name"]: each["id"] for each in sandbox.workspace.get(ENDPOINTS).get("endpoints", [])}


@pytest.mark.parametrize("fault", [{"status": 504}, {"reset": True}], ids=["504", "reset"])
def test_next_run_recovers_a_lost_answer(snapshots: Snapshots, fault: dict[str, object]) -> None:
    with snapshots.initialized("--ready-after", "3") as project:
        project.workspace.post("/_workspace/faults", {**LOST, **fault, "times": 1})
        assert project.pulumi(*UP, check=False).refused
        before = live(project)
        preview = project.pulumi("preview")
        assert "is live and not in the state: an earlier run of this stack created it on 20" in preview.text
        writes = writes_of(project, lambda: project.pulumi(*UP))
        assert live(project).items() >= before.items()
        assert len([write for write in writes if write.startswith("PUT /api/2.0/permissions/")]) == 3
        assert not [write for write in writes if "DELETE" in write or "/config" in write]
        assert writes_of(project, lambda: project.pulumi(*UP, "--refresh", "--expect-no-changes")) == []
        assert project.outputs()["endpoints"]["fraud-scorer"]["id"] == live(project)["fraud-scorer"]


def test_next_run_finishes_a_killed_creation(project: Sandbox) -> None:
    project.workspace.post("/_workspace/faults", {**LOST, "status": 504, "times": -1, "delay_seconds": 30})
    killed_when(project, lambda: len(live(project)) == 3 and is_written(project))
    project.workspace.delete("/_workspace/faults")
    before = live(project)
    entry = section("A run was killed")
    done = entry.follow(project)
    assert done.status == 0, done.text
    assert entry.shows(done.text), done.text
    assert live(project) == before
    writes = writes_of(project, lambda: project.pulumi(*UP, "--refresh", "--expect-no-changes"))
    # The journal gets the killed run's three creations when their delayed answers end, which may be only now.
    assert [write for write in writes if write != CREATION] == []
    assert project.workspace.writes().count(CREATION) <= len(before) == 3
    project.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    assert live(project) == {}


def test_destroy_names_the_endpoint_it_leaves(project: Sandbox) -> None:
    project.workspace.post("/_workspace/faults", {**LOST, "status": 500})
    assert project.pulumi(*UP, check=False).refused
    destroyed = project.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    (left,) = live(project)
    assert f"`destroy` would leave it there: databricks serving-endpoints delete {left}" in destroyed.text
    refused = project.pulumi("preview", check=False)
    assert refused.refused
    assert f'the workspace has an endpoint "{left}" that is not in this stack' in refused.text


def test_foreign_endpoint_is_refused_until_adopted(project: Sandbox) -> None:
    config = {"served_entities": [{"name": "current", "entity_name": "main.ml.iris", "entity_version": "1"}]}
    config["served_entities"][0] |= {"workload_size": "Small", "scale_to_zero_enabled": True}  # type: ignore[dict-item]
    project.workspace.post(ENDPOINTS, {"name": "iris-classifier", "config": config})
    made = live(project)
    before = project.workspace.writes()
    for command in (("preview",), UP):
        outcome = project.pulumi(*command, check=False)
        assert outcome.refused
        assert project.workspace.writes() == before
        assert "1 error in the stack files; nothing was changed" in outcome.text
        assert (
            'Pulumi.local.yaml:6:5 endpoints.iris-classifier: the workspace has an endpoint "iris-classifier"'
            " that is not in this stack: you created it, and no run of this stack began to"
        ) in outcome.text
    entry = section("An endpoint exists already")
    assert entry.shows(outcome.text), outcome.text
    assert "model-serving adopt --stack local --name iris-classifier --write" in outcome.text
    own = project.folder / "stacks" / "Pulumi.local.yaml"
    own.write_text(without_key(own.read_text(), ("config", "model-serving:endpoints", "iris-classifier")))
    writes = writes_of(project, lambda: entry.follow(project))
    assert live(project).items() >= made.items()
    assert not [write for write in writes if "iris-classifier" in write or made["iris-classifier"] in write]
    assert writes_of(project, lambda: project.pulumi(*UP, "--refresh", "--expect-no-changes")) == []
