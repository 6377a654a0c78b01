"""Whose an endpoint is that is live and not in the state, by what is known of it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.engine.program_run import PerRun
from model_serving.components.engine.state import Recorded, State
from model_serving.components.guard import existing_endpoint_hook
from model_serving.components.preflight.checks import Report
from model_serving.components.preflight.privileges import Caller
from model_serving.components.preflight.unrecorded_endpoints import Live, not_ours, take_over
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.resource_types import MODEL_SERVING

NOW = 1_800_000_000.0
ARGS = ServingEndpointArgs(
    "fraud", {"one": ServedEntityArgs(entity="main.ml.fraud@Champion")}, tags={"team": "risk"}, route_optimized=True
)
FOUND: dict[str, Any] = {
    "name": "fraud",
    "creator": "ann",
    "creation_timestamp": NOW * 1000,
    "tags": [{"key": "team", "value": "risk"}],
    "route_optimized": True,
    "pending_config": {"served_entities": [{"name": "one", "entity_name": "main.ml.fraud"}]},
}


@pytest.mark.parametrize(
    ("different", "begun", "reason"),
    [
        ({}, NOW - 60, None),
        ({"config": FOUND["pending_config"], "pending_config": None}, NOW + 60, None),
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
def test_an_endpoint_is_ours_by_creator_time_and_traits(
    different: Mapping[str, Any], begun: float | None, reason: str | None
) -> None:
    assert not_ours(Live("fraud", ARGS, FOUND | dict(different)), "ann", begun) == reason


class Answers(Workspace):
    """A workspace with one endpoint."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/2.0/serving-endpoints/fraud"
        return self._found


def never() -> Any:
    raise AssertionError("Not to be asked")


def report(**live: Any) -> Report:
    return Report(live=live, me=Caller("ann", frozenset()))


@pytest.mark.parametrize(
    "recorded",
    [
        Recorded("urn:pulumi:s::p::t$ModelServing::fraud", MODEL_SERVING, {"name": "fraud"}),
        Recorded("urn:pulumi:s::p::t$ModelServing::fraud", MODEL_SERVING, {"name": "of-before"}),
        Recorded("urn:pulumi:s::p::t$ModelServing::key-of-before", MODEL_SERVING, {"name": "fraud"}),
    ],
    ids=["the same", "renamed in the workspace", "under another key"],
)
def test_an_endpoint_of_the_state_is_left_to_the_engine(recorded: Recorded) -> None:
    found = report(fraud=FOUND)
    assert take_over({"fraud": ARGS}, found, State((recorded,)), never, never) == frozenset()
    assert (found.findings, found.warnings) == ([], [])


@pytest.mark.parametrize("state", [State(), State(is_known=False)])
def test_nothing_is_asked_where_nothing_is_live_or_the_state_is_unknown(state: State) -> None:
    known = report(fraud=FOUND) if not state.is_known else report(other=FOUND)
    assert take_over({"fraud": ARGS}, known, state, never, never) == frozenset()


def test_ours_is_imported_with_a_warning_and_anothers_is_a_finding() -> None:
    found = report(fraud=FOUND)
    assert take_over({"fraud": ARGS}, found, State(), lambda: Answers(FOUND), lambda: {"fraud": NOW}) == {"fraud"}
    assert found.findings == []
    (warning,) = found.warnings
    assert "It is taken over: `up` imports it." in warning
    found = report(fraud=FOUND)
    assert take_over({"fraud": ARGS}, found, State(), lambda: Answers(FOUND), dict) == frozenset()
    ((path, message, hint),) = found.findings
    assert (path, found.warnings) == (("endpoints", "fraud"), [])
    assert message.startswith('the workspace has an endpoint "fraud" that is not in this stack: you created it')
    assert f"pulumi import {MODEL_SERVING} fraud fraud --stack " in hint


@pytest.mark.parametrize("is_dry_run", [True, False], ids=["preview", "up"])
def test_only_up_waits_for_a_deployment_of_ours(
    still: Any, monkeypatch: pytest.MonkeyPatch, *, is_dry_run: bool
) -> None:
    still.endpoint("fraud")
    entity = ServedEntityArgs(entity="main.ml.fraud", version="7")
    workspace, args = connect(still.settings()), ServingEndpointArgs("fraud", {"one": entity})
    said: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: is_dry_run)
    monkeypatch.setattr(pulumi.log, "info", said.append)
    monkeypatch.setattr(time, "sleep", still.clock.advance)
    listed = workspace.get("/api/2.0/serving-endpoints")["endpoints"]
    found = Report(live={each["name"]: each for each in listed}, me=Caller("admin@example.com", frozenset()))
    taken = take_over({"fraud": args}, found, State(), lambda: workspace, lambda: {"fraud": still.clock.now()})
    (warning,) = found.warnings
    if is_dry_run:
        assert (taken, said) == (frozenset(), [])
        assert "It is still being deployed: `up` waits for that." in warning
    else:
        assert (taken, said) == (
            frozenset({"fraud"}),
            ['Waiting until endpoint "fraud" is deployed, for at most 45 minutes'],
        )
        assert workspace.get("/api/2.0/serving-endpoints/fraud")["state"]["ready"] == "READY"


@pytest.mark.parametrize(
    ("name", "replace_id", "is_refused"), [("fraud", None, True), ("fraud", "its own", False), ("other", None, False)]
)
def test_a_component_creates_no_endpoint_over_a_live_one(
    still: Any, monkeypatch: pytest.MonkeyPatch, name: str, replace_id: str | None, is_refused: bool
) -> None:
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, callback, _options: callback)
    monkeypatch.setattr(existing_endpoint_hook, "_hooks", PerRun(existing_endpoint_hook.ExistingEndpointHook))
    still.endpoint("fraud")
    live = still.call("GET", "/api/2.0/serving-endpoints/fraud")["id"]

    async def create() -> None:
        settings = pulumi.Output.from_input(still.settings())
        binding = existing_endpoint_hook.existing_endpoint_hook("one", settings, live if replace_id else None)
        assert binding.before_create is not None
        args = pulumi.ResourceHookArgs(urn="u", id="", name="one", type="t", new_inputs={"name": name})
        await binding.before_create[0](args)  # type: ignore[misc]

    if is_refused:
        with pytest.raises(ValueError, match='has an endpoint "fraud" that is not in this stack; admin@'):
            asyncio.run(create())
    else:
        asyncio.run(create())
