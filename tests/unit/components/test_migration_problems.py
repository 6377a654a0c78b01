"""What makes a migration impossible: each with its place in the stack file and a way out."""

from collections.abc import Mapping
from typing import Any

import pytest

from model_serving.components.engine.exported_state import DeletionOptions
from model_serving.components.engine.state import State, StateResource
from model_serving.components.succession.migration_problems import (
    abandoned_successors,
    kept_and_replaced,
    migration_problems,
    retained,
    unknown_state,
)
from model_serving.components.succession.recorded_families import Families, families
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import DeniedError, WorkspaceError
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.spec import Stack
from model_serving.spec.diagnostics import Problem
from model_serving.spec.succession import declared_endpoints

ENTITIES = {"served_entities": {"one": {"entity": "main.ml.fraud", "version": "7"}}}
IDS = {"fraud": "id1", "fraud-2": "id2"}
LIVE = {name: {"name": name, "id": endpoint_id, "creator": "ann"} for name, endpoint_id in IDS.items()}
FRESH = "If this stack never had it, write `predecessor: null` into the stack's own file"


class Finds(Workspace):
    """A workspace that has no endpoint, or that raises an error."""

    def __init__(self, error: WorkspaceError | None = None) -> None:
        self._error = error

    def find(self, path: str) -> dict[str, Any] | None:
        assert path == "/api/2.0/serving-endpoints/fraud"
        if self._error:
            raise self._error
        return None


def never() -> Any:
    raise AssertionError("must not be called")


def stack(name: str = "fraud-2", predecessor: str | None = "fraud", **fields: Any) -> Stack:
    before = {"predecessor": {"name": predecessor}} if predecessor else {}
    return Stack.model_validate({"endpoints": {"fraud": {**ENTITIES, "name": name, **before, **fields}}})


def found(declared: Stack, *recorded: str) -> Families:
    """The families of a stack whose state has these endpoints, each under the resource of its name."""
    resources = {"fraud": "fraud"}
    state = tuple(
        StateResource(
            f"urn:pulumi:s::p::t::{resources.get(name, f'fraud/{name}')}",
            MODEL_SERVING,
            {"name": name, "servingEndpointId": IDS.get(name)},
        )
        for name in recorded
    )
    return families(declared_endpoints(declared), State(state))


def problems(
    families: Families,
    live: Mapping[str, Any] = LIVE,
    connect: Any = never,
    options: Any = never,
) -> list[Problem]:
    return [*migration_problems(families, live, connect, options)]


def test_a_migration_that_fits_has_no_problem() -> None:
    for recorded in (("fraud",), ("fraud", "fraud-2")):
        assert problems(found(stack(), *recorded)) == []


def test_a_predecessor_must_exist() -> None:
    ((path, message, hint),) = problems(found(stack()), {})
    assert path == ("endpoints", "fraud", "predecessor")
    assert message == 'neither this stack nor the workspace has an endpoint "fraud" to migrate from'
    assert hint == f"Correct its `name`, or remove `predecessor`. {FRESH}"


@pytest.mark.parametrize("name", ["fraud-3", "fraud-2"], ids=["new successor", "deployed successor"])
def test_a_predecessor_under_another_name_is_suggested(name: str) -> None:
    present = ("fraud",) if name == "fraud-3" else ("fraud", "fraud-2")
    ((path, message, hint),) = problems(found(stack(name, "fruad"), *present))
    assert path == ("endpoints", "fraud", "predecessor")
    assert message == 'this stack has no endpoint "fruad" here to migrate from; it has "fraud"'
    assert hint == "Write `name: fraud` in `predecessor`"


def test_a_predecessor_must_be_of_this_stack() -> None:
    ((_, message, hint),) = problems(found(stack()))
    assert message == 'endpoint "fraud", which ann created, is not in this stack, so it can\'t be migrated from'
    assert hint == (
        f"Adopt it first: declare it alone, with `name: fraud` and `adopt_id: id1`, and deploy that. {FRESH}"
    )


def test_a_predecessor_deleted_outside_is_reported() -> None:
    declared = found(stack(), "fraud", "fraud-2")
    ((path, message, hint),) = problems(declared, {"fraud-2": LIVE["fraud-2"]}, Finds)
    assert path == ("endpoints", "fraud", "predecessor")
    assert message == 'endpoint "fraud" was deleted outside of Pulumi: there is nothing to migrate from'
    assert hint == "Remove `predecessor`: then `pulumi up` takes it out of the state"


def test_an_unlisted_predecessor_may_be_there() -> None:
    error = DeniedError("no", "PERMISSION_DENIED")
    assert problems(found(stack(), "fraud"), {}, lambda: Finds(error)) == []


def test_a_predecessor_created_again_is_reported() -> None:
    ((_, message, _),) = problems(found(stack(), "fraud"), {"fraud": {**LIVE["fraud"], "id": "other"}})
    assert message.startswith('endpoint "fraud" was deleted and created again outside of Pulumi, by ann')


def test_a_third_endpoint_is_retired_first() -> None:
    ((path, message, hint),) = problems(found(stack("fraud-3", "fraud-2"), "fraud", "fraud-2"))
    assert path == ("endpoints", "fraud")
    assert message == 'the stack still has "fraud" here: an endpoint has one predecessor at a time'
    assert hint == "Retire one before the next migration: declare the two others as before"


def test_a_new_name_for_two_is_refused() -> None:
    ((_, message, _),) = problems(found(stack("fraud-3", None), "fraud", "fraud-2"))
    assert message == 'the stack has "fraud" and "fraud-2" here, and neither is declared any more'


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_predecessor_is_unprotected_first(*, protect: bool) -> None:
    declared = found(stack(predecessor=None), "fraud", "fraud-2")
    reported = problems(declared, options=lambda: {"fraud": DeletionOptions(protect=protect)})
    hint = "Declare `predecessor: {name: fraud, protect: false}` and deploy that; then remove it"
    message = 'endpoint "fraud" is protected and not declared any more: it can\'t be deleted'
    assert reported == ([(("endpoints", "fraud"), message, hint)] if protect else [])


def test_a_retained_endpoint_stays_live() -> None:
    (retirement,) = found(stack(predecessor=None), "fraud", "fraud-2").retirements
    assert retained(retirement, {"fraud": DeletionOptions(retain_on_delete=True)})
    assert not retained(retirement, {})


@pytest.mark.parametrize(
    ("replace_id", "option", "message"),
    [
        ("id2", "protect", "a protected endpoint can't be replaced"),
        ("id2", "retain_on_delete", "an endpoint that is retained on delete stays, so it can't be replaced"),
        ("id1", "protect", None),
        ("id2", None, None),
    ],
    ids=["protected", "retained", "of the retired one", "neither"],
)
def test_a_kept_endpoint_cannot_be_replaced(replace_id: str, option: str | None, message: str | None) -> None:
    options: dict[str, Any] = {option: True} if option else {}
    declared = stack(predecessor=None, replace_id=replace_id, **options)
    reported = [*kept_and_replaced(found(declared, "fraud", "fraud-2").members, declared_endpoints(declared))]
    expected = [(("endpoints", "fraud", "replace_id"), message)] if message else []
    assert [(path, text) for path, text, _ in reported] == expected


def test_an_abandoned_successor_is_named() -> None:
    unfinished = StateResource("urn:pulumi:s::p::t::fraud/fraud-2", SERVING_ENDPOINT_COMPONENT, {})
    left = families(declared_endpoints(stack("fraud", None)), State((unfinished,)))
    (warning,) = abandoned_successors(left, "dev-", {"dev-fraud-2": {}})
    assert warning.endswith("If nobody uses it, delete it: databricks serving-endpoints delete dev-fraud-2")
    assert [*abandoned_successors(left, "", {})] == []


def test_an_unknown_state_decides_nothing() -> None:
    plain = Stack.model_validate({"endpoints": {"fraud": ENTITIES}})
    assert unknown_state(declared_endpoints(plain)) is None
    reason = unknown_state(declared_endpoints(stack())) or ""
    assert "which resource fraud-2, fraud is can't be known" in reason
