"""The rule that served entities which share the traffic take the same requests."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.live import LiveEndpoint, UnreadableError
from model_serving.policies.pack.rule import Resource
from model_serving.policies.rules import RULES, live_resource

RULE = next(rule for rule in RULES if rule.name == "same-requests")


def schema(**properties: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"oneOf": [{"type": "object", "properties": properties}]}}}
    return {"post": {"requestBody": {"content": content}}}


def rows(*columns: str) -> dict[str, Any]:
    items = {"required": [*columns], "properties": {name: {"type": "number"} for name in columns}}
    return schema(dataframe_records={"type": "array", "items": items})


@dataclass
class Workspace:
    """What the workspace answers about the schema, and the paths that were read."""

    paths: dict[str, Any] | None
    read: list[str] = field(default_factory=list)

    def find(self, path: str) -> dict[str, Any]:
        self.read.append(path)
        if self.paths is None:
            raise UnreadableError("no")
        return {"paths": {f"/served-models/{name}/invocations": each for name, each in self.paths.items()}}


def reported(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, traffic: dict[str, int], new_version: str = "8"
) -> list[str]:
    """The messages on an endpoint with the deployed versions 7 (`old`) and 8 (`new`)."""
    versions = {"old": "7", "new": "8"}
    deployed = [
        {"name": name, "entity_name": "main.ml.fraud", "entity_version": each} for name, each in versions.items()
    ]
    live = LiveEndpoint("fraud", "e1", False, {"old": 100, "new": 0}, answer={"config": {"served_entities": deployed}})
    monkeypatch.setattr(live_resource, "live_endpoint", lambda *_, **__: live)
    monkeypatch.setattr(live_resource, "live_workspace", lambda *_, **__: workspace)
    declared = [
        {"name": name, "entityName": "main.ml.fraud", "entityVersion": each}
        for name, each in (versions | {"new": new_version}).items()
    ]
    split = [{"servedModelName": name, "trafficPercentage": share} for name, share in traffic.items()]
    inputs = {"name": "fraud", "config": {"servedEntities": declared, "trafficConfig": {"routes": split}}}
    resource = Resource(MODEL_SERVING, "fraud", "urn:fraud", inputs, stack="dev")
    return [violation.text for violation in RULE.check(resource, RULE.with_defaults({}))]


def test_a_new_required_column_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace({"old": rows("amount"), "new": rows("amount", "currency")})
    (message,) = reported(monkeypatch, workspace, {"old": 95, "new": 5})
    assert message.startswith(
        'Served entities "old" and "new" share the traffic and take different requests: "new" also requires currency.'
    )
    assert workspace.read == ["/api/2.0/serving-endpoints/fraud/openapi"]


def test_an_agent_beside_a_model_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace({"old": rows("amount"), "new": schema(messages={"type": "array"})})
    (message,) = reported(monkeypatch, workspace, {"old": 95, "new": 5})
    assert '"new" takes `messages` instead of rows' in message


def test_the_same_columns_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace({"old": rows("amount"), "new": rows("amount")})
    assert reported(monkeypatch, workspace, {"old": 95, "new": 5}) == []


@pytest.mark.parametrize(
    ("traffic", "version"),
    [({"old": 100, "new": 0}, "8"), ({"old": 95, "new": 5}, "9")],
    ids=["no traffic", "not deployed yet"],
)
def test_no_schema_is_read_without_need(monkeypatch: pytest.MonkeyPatch, traffic: dict[str, int], version: str) -> None:
    workspace = Workspace({})
    assert reported(monkeypatch, workspace, traffic, version) == []
    assert workspace.read == []


def test_a_schema_that_cannot_be_read_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reported(monkeypatch, Workspace(None), {"old": 95, "new": 5}) == []
