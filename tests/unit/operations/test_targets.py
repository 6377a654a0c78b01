"""The endpoints of a stack, from its files and its state, or from either of them alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_serving.errors import UsageError, UserError
from model_serving.operations.live.targets import read_targets

ENTITY = '{entity: main.ml.fraud, version: "7"}'
FILE = f"""\
config:
  databricks:host: https://example.cloud.databricks.com
  model-serving:name_prefix: dev-
  model-serving:endpoints:
    fraud: {{served_entities: {{champion: {ENTITY}}}}}
    new: {{served_entities: {{champion: {ENTITY}}}}}
"""
COMPONENT, RESOURCE = "model-serving:index:ServingEndpoint", "databricks:index/modelServing:ModelServing"


def resources(*keys: str) -> list[dict[str, Any]]:
    found = []
    for key in keys:
        parent, start = f"urn:pulumi:dev::p::{COMPONENT}::{key}", "urn:pulumi:dev::p::"
        outputs = {"name": f"dev-{key}", "servingEndpointId": f"id-{key}", "routeOptimized": False}
        found += [
            {"urn": parent, "type": COMPONENT, "outputs": {"url": f"https://example/{key}"}},
            {"urn": f"{start}{COMPONENT}${RESOURCE}::{key}", "type": RESOURCE, "parent": parent, "outputs": outputs},
        ]
    return found


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A project with a stack file, and a function for what `pulumi` prints."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")

    def printed(*keys: str, error: str = "") -> None:
        program = tmp_path / "bin" / "pulumi"
        program.parent.mkdir(exist_ok=True)
        (tmp_path / "state.json").write_text(json.dumps({"deployment": {"resources": resources(*keys)}}))
        program.write_text(f"#!/bin/sh\n{f'echo {error!r} >&2; exit 1' if error else 'cat state.json'}\n")
        program.chmod(0o755)

    return printed


def test_declared_and_deployed_endpoints_are_joined(state: Callable[..., None]) -> None:
    state("fraud", "removed")
    targets = read_targets("dev")
    assert targets.settings["host"] == "https://example.cloud.databricks.com"
    found = {
        key: (each.name, each.declared is not None, each.deployed and each.deployed.id)
        for key, each in targets.endpoints.items()
    }
    assert found == {
        "fraud": ("dev-fraud", True, "id-fraud"),
        "new": ("dev-new", True, None),
        "removed": ("dev-removed", False, "id-removed"),
    }
    assert [each.key for each in targets.chosen(["dev-fraud", "fraud"])] == ["fraud"]


def test_a_missing_state_leaves_the_names(state: Callable[..., None]) -> None:
    state(error="error: no stack named dev found")
    targets = read_targets("dev")
    assert [each.name for each in targets.chosen([])] == ["dev-fraud", "dev-new"]
    (note,) = targets.notes
    assert note.startswith("Without Pulumi's state, endpoints are read by the names in the stack files: There is")


def test_broken_stack_files_leave_the_state(state: Callable[..., None], tmp_path: Path) -> None:
    state("fraud")
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(FILE.replace('"7"', '"seven"'))
    targets = read_targets("dev")
    assert (targets.spec, [*targets.endpoints]) == (None, ["fraud"])
    assert "stacks/Pulumi.dev.yaml:5" in targets.notes[0]


def test_neither_files_nor_state_is_an_error(state: Callable[..., None]) -> None:
    state(error="error: no stack named nowhere found")
    with pytest.raises(UsageError, match=r'There is no stack "nowhere" in this folder. Stacks here: dev'):
        read_targets("nowhere")


def test_an_unknown_endpoint_gets_a_suggestion(state: Callable[..., None]) -> None:
    state("fraud")
    with pytest.raises(UserError, match=r'Stack "dev" has no endpoint "fruad"\. Did you mean'):
        read_targets("dev").chosen(["fruad"])


MIGRATING = """\
    fraud:
      name: fraud-2
      route_optimized: true
      predecessor: {name: fraud, route_optimized: false}
"""


def migrated(*members: tuple[str, str, bool]) -> list[dict[str, Any]]:
    """Components by their resource name, with an endpoint's name in the workspace, and whether it is a predecessor."""
    found = []
    for resource, name, is_predecessor in members:
        component, endpoint = resources(resource)
        inputs = {"predecessor": True} if is_predecessor else {}
        found += [{**component, "inputs": inputs}, {**endpoint, "outputs": {**endpoint["outputs"], "name": name}}]
    return found


def declare(folder: Path, text: str) -> None:
    file = folder / "stacks" / "Pulumi.dev.yaml"
    line = f"    fraud: {{served_entities: {{champion: {ENTITY}}}}}\n"
    file.write_text(FILE.replace(line, f"{text}      served_entities: {{champion: {ENTITY}}}\n"))


@pytest.mark.parametrize(
    ("files", "members", "expected"),
    [
        (
            MIGRATING,
            [("fraud", "dev-fraud", False)],
            {"fraud": ("dev-fraud-2", True, None), "fraud.predecessor": ("dev-fraud", True, "id-fraud")},
        ),
        (
            MIGRATING,
            [("fraud", "dev-fraud", True), ("fraud/fraud-2", "dev-fraud-2", False)],
            {"fraud": ("dev-fraud-2", True, "id-fraud/fraud-2"), "fraud.predecessor": ("dev-fraud", True, "id-fraud")},
        ),
        (
            "    fraud:\n      name: fraud-2\n",
            [("fraud", "dev-fraud", True), ("fraud/fraud-2", "dev-fraud-2", False)],
            {"fraud": ("dev-fraud-2", True, "id-fraud/fraud-2"), "fraud.predecessor": ("dev-fraud", False, "id-fraud")},
        ),
        (
            "    fraud:\n      description: back\n",
            [("fraud", "dev-fraud", True), ("fraud/fraud-2", "dev-fraud-2", False)],
            {"fraud": ("dev-fraud", True, "id-fraud"), "dev-fraud-2": ("dev-fraud-2", False, "id-fraud/fraud-2")},
        ),
        (
            "    fraud:\n      name: fraud-2\n",
            [("fraud/fraud-2", "dev-fraud-2", False)],
            {"fraud": ("dev-fraud-2", True, "id-fraud/fraud-2")},
        ),
    ],
    ids=["before the start", "during", "before the retirement", "before it is abandoned", "afterwards"],
)
def test_both_endpoints_of_a_migration_are_targets(
    state: Callable[..., None], tmp_path: Path, files: str, members: list[Any], expected: dict[str, Any]
) -> None:
    state()
    declare(tmp_path, files)
    (tmp_path / "state.json").write_text(json.dumps({"deployment": {"resources": migrated(*members)}}))
    endpoints = read_targets("dev").endpoints
    found = {
        key: (each.name, each.declared is not None, each.deployed and each.deployed.id)
        for key, each in endpoints.items()
        if key != "new"
    }
    assert found == expected


def test_predecessor_is_chosen_by_key_and_by_name(state: Callable[..., None], tmp_path: Path) -> None:
    state()
    declare(tmp_path, MIGRATING)
    targets = read_targets("dev")
    assert [each.key for each in targets.chosen(["fraud.predecessor"])] == ["fraud.predecessor"]
    assert [each.key for each in targets.chosen(["dev-fraud"])] == ["fraud.predecessor"]
    (predecessor,) = targets.chosen(["dev-fraud"])
    assert (predecessor.is_predecessor, predecessor.base_key, predecessor.counterpart) == (True, "fraud", "dev-fraud-2")
