"""Endpoints that are live and not in the state: imported, reported, or never created twice."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.engine.state import State, StateResource
from model_serving.components.guard.existing_endpoint_hook import existing_endpoint_hook
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.unrecorded_endpoints import (
    UnrecordedEndpoint,
    endpoints_to_import,
    foreign_reason,
)
from model_serving.databricks.caller import Caller
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.resource_types import MODEL_SERVING

NOW = 1_800_000_000.0
PATHS = {"fraud": ("endpoints", "fraud"), "fraud/fraud-2": ("endpoints", "fraud")}
ARGS = ServingEndpointArgs(
    name="fraud",
    served_entities={"one": ServedEntityArgs(entity="main.ml.fraud@Champion")},
    tags={"team": "risk"},
    route_optimized=True,
)
LIVE: dict[str, Any] = {
    "name": "fraud",
    "id": "0123",
    "creator": "ann",
    "creation_timestamp": NOW * 1000,
    "tags": [{"key": "team", "value": "risk"}],
    "route_optimized": True,
    "pending_config": {"served_entities": [{"name": "one", "entity_name": "main.ml.fraud"}]},
}


@pytest.mark.parametrize(
    ("different", "component_created", "reason"),
    [
        ({}, NOW - 60, None),
        ({"config": LIVE["pending_config"], "pending_config": None}, NOW + 60, None),
        ({"creator": "bob"}, NOW - 60, "bob created it, and you are ann"),
        ({"creator": None}, NOW - 60, "somebody else created it, and you are ann"),
        ({}, None, "you created it, and no run of this stack began to"),
        ({"creation_timestamp": 0}, NOW, "you created it on 1970-01-01 00:00 UTC, before this stack declared it"),
        ({"tags": []}, NOW, "you created it, but not as it is declared here: tags differ"),
        (
            {"route_optimized": False, "pending_config": {}},
            NOW,
            "you created it, but not as it is declared here: route_optimized, served_entities differ",
        ),
    ],
)
def test_creator_time_and_traits_identify_an_endpoint(
    different: Mapping[str, Any], component_created: float | None, reason: str | None
) -> None:
    assert foreign_reason(UnrecordedEndpoint("fraud", ARGS, LIVE | dict(different)), "ann", component_created) == reason


class Answers(Workspace):
    """A workspace with one endpoint."""

    def __init__(self, live: dict[str, Any]) -> None:
        self._live = live

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/2.0/serving-endpoints/fraud"
        return self._live


def never() -> Any:
    raise AssertionError("must not be called")


def report(**live: Any) -> PreflightReport:
    return PreflightReport(live=live, caller=Caller("ann", frozenset()))


@pytest.mark.parametrize(
    "recorded",
    [
        StateResource("urn:pulumi:s::p::t$ModelServing::fraud", MODEL_SERVING, {"name": "fraud"}),
        StateResource("urn:pulumi:s::p::t$ModelServing::fraud", MODEL_SERVING, {"name": "of-before"}),
        StateResource("urn:pulumi:s::p::t$ModelServing::key-of-before", MODEL_SERVING, {"name": "fraud"}),
    ],
    ids=["the same", "renamed in the workspace", "under another key"],
)
def test_a_recorded_endpoint_is_not_imported(recorded: StateResource) -> None:
    result = report(fraud=LIVE)
    assert endpoints_to_import({"fraud": ARGS}, result, State((recorded,)), never, never, paths=PATHS) == frozenset()
    assert (result.problems, result.warnings) == ([], [])


@pytest.mark.parametrize("state", [State(), State(is_known=False)])
def test_nothing_is_read_without_need(state: State) -> None:
    known = report(fraud=LIVE) if not state.is_known else report(other=LIVE)
    assert endpoints_to_import({"fraud": ARGS}, known, state, never, never, paths=PATHS) == frozenset()


def test_only_our_own_endpoint_is_imported() -> None:
    result = report(fraud=LIVE)
    assert endpoints_to_import(
        {"fraud": ARGS}, result, State(), lambda: Answers(LIVE), lambda: {"fraud": NOW}, paths=PATHS
    ) == {"fraud"}
    assert result.problems == []
    (warning,) = result.warnings
    assert "`up` imports it." in warning
    result = report(fraud=LIVE)
    assert (
        endpoints_to_import({"fraud": ARGS}, result, State(), lambda: Answers(LIVE), dict, paths=PATHS) == frozenset()
    )
    ((path, message, hint),) = result.problems
    assert (path, result.warnings) == (("endpoints", "fraud"), [])
    assert message.startswith('the workspace has an endpoint "fraud" that is not in this stack: you created it')
    assert "remove this block, then: model-serving adopt --stack " in hint
    assert hint.endswith(" --name fraud --write")


def test_a_successor_is_imported_under_its_resource_name() -> None:
    declared, result = {"fraud/fraud-2": ARGS}, report(fraud=LIVE)
    times = {"fraud/fraud-2": NOW, "fraud": NOW - 900}
    taken = endpoints_to_import(declared, result, State(), lambda: Answers(LIVE), lambda: times, paths=PATHS)
    assert taken == frozenset({"fraud/fraud-2"})
    assert result.problems == []
    endpoints_to_import(declared, result, State(), lambda: Answers(LIVE), dict, paths=PATHS)
    ((path, _, hint),) = result.problems
    assert path == ("endpoints", "fraud")
    assert hint == 'Choose another name. Or adopt it as it is: set `adopt_id: "0123"` here, which compares the two'


@pytest.mark.parametrize("is_dry_run", [True, False], ids=["preview", "up"])
def test_only_up_waits_for_a_deployment(frozen: Any, monkeypatch: pytest.MonkeyPatch, *, is_dry_run: bool) -> None:
    frozen.endpoint("fraud")
    entity = ServedEntityArgs(entity="main.ml.fraud", version="7")
    workspace, args = connect(frozen.settings()), ServingEndpointArgs(name="fraud", served_entities={"one": entity})
    messages: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: is_dry_run)
    monkeypatch.setattr(pulumi.log, "info", messages.append)
    monkeypatch.setattr(time, "sleep", frozen.clock.advance)
    listed = workspace.get("/api/2.0/serving-endpoints")["endpoints"]
    result = PreflightReport(
        live={each["name"]: each for each in listed}, caller=Caller("admin@example.com", frozenset())
    )
    taken = endpoints_to_import(
        {"fraud": args}, result, State(), lambda: workspace, lambda: {"fraud": frozen.clock.now()}, paths=PATHS
    )
    (warning,) = result.warnings
    if is_dry_run:
        assert (taken, messages) == (frozenset(), [])
        assert "It is still being deployed: `up` waits for that." in warning
    else:
        assert taken == frozenset({"fraud"})
        assert messages == ['Waiting until endpoint "fraud" is deployed, for at most 45 minutes']
        assert workspace.get("/api/2.0/serving-endpoints/fraud")["state"]["ready"] == "READY"


@pytest.mark.parametrize(
    ("name", "replace_id", "is_refused"), [("fraud", None, True), ("fraud", "its own", False), ("other", None, False)]
)
def test_an_existing_endpoint_stops_the_creation(
    frozen: Any, monkeypatch: pytest.MonkeyPatch, name: str, replace_id: str | None, is_refused: bool
) -> None:
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, callback, _options: callback)
    frozen.endpoint("fraud")
    live = frozen.call("GET", "/api/2.0/serving-endpoints/fraud")["id"]

    async def create() -> None:
        settings = pulumi.Output.from_input(frozen.settings())
        binding = existing_endpoint_hook("one", settings, live if replace_id else None)
        assert binding.before_create is not None
        args = pulumi.ResourceHookArgs(urn="u", id="", name="one", type="t", new_inputs={"name": name})
        await binding.before_create[0](args)  # type: ignore[misc]

    if is_refused:
        with pytest.raises(ValueError, match='has an endpoint "fraud" that is not in this stack; admin@'):
            asyncio.run(create())
    else:
        asyncio.run(create())
