"""Which Pulumi resource holds which declared endpoint, by the stack's state."""

from itertools import count
from random import Random
from typing import Any

import pytest

from model_serving.components.engine.state import State, StateResource
from model_serving.components.succession.recorded_families import Families, families
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.spec import Stack
from model_serving.spec.succession import declared_endpoints

ENTITIES = {"served_entities": {"one": {"entity": "main.ml.fraud", "version": "7"}}}


def declared(name: str | None = None, predecessor: str | None = None, prefix: str = "") -> Stack:
    """A stack with the endpoint `fraud`, perhaps of another name and with a predecessor."""
    named: dict[str, Any] = {"name": name} if name else {}
    before = {"predecessor": {"name": predecessor}} if predecessor else {}
    return Stack.model_validate({"name_prefix": prefix, "endpoints": {"fraud": {**ENTITIES, **named, **before}}})


def state(**endpoints: str) -> State:
    """A state with these endpoints: names in the workspace by resource; an empty one was not answered."""
    found = []
    for resource, name in endpoints.items():
        urn = f"urn:pulumi:s::p::{SERVING_ENDPOINT_COMPONENT}"
        found.append(StateResource(f"{urn}::{resource}", SERVING_ENDPOINT_COMPONENT, {}))
        if name:
            outputs = {"name": name, "servingEndpointId": f"id-of-{name}"}
            found.append(StateResource(f"{urn}${MODEL_SERVING}::{resource}", MODEL_SERVING, outputs))
    return State(tuple(found))


def assigned(stack: Stack, before: State) -> Families:
    return families(declared_endpoints(stack), before)


def resources(found: Families) -> list[str]:
    """The resource of the endpoint and of its predecessor."""
    return [found.resources[path] for path in sorted(found.resources)]


FIRST = {"fraud": "fraud"}
BOTH = {"fraud": "fraud", "fraud/fraud-2": "fraud-2"}
SECOND = {"fraud/fraud-2": "fraud-2"}


@pytest.mark.parametrize(
    ("name", "predecessor", "before", "expected"),
    [
        (None, None, {}, ["fraud"]),
        ("scorer", None, {}, ["fraud"]),
        ("scorer", None, {"fraud": "scorer"}, ["fraud"]),
        (None, None, {"fraud": ""}, ["fraud"]),
        ("other", None, FIRST, ["fraud"]),
        ("fraud-2", "fraud", FIRST, ["fraud/fraud-2", "fraud"]),
        ("fraud-2", "fraud", FIRST | {"fraud/fraud-2": ""}, ["fraud/fraud-2", "fraud"]),
        ("fraud-2", "fraud", BOTH, ["fraud/fraud-2", "fraud"]),
        (None, "fraud-2", BOTH, ["fraud", "fraud/fraud-2"]),
        ("fraud-2", None, BOTH, ["fraud/fraud-2"]),
        (None, None, BOTH, ["fraud"]),
        ("fraud-2", None, SECOND, ["fraud/fraud-2"]),
        ("fraud-2", None, FIRST | {"fraud/fraud-2": ""}, ["fraud/fraud-2"]),
        (None, "fraud-2", SECOND, ["fraud/fraud", "fraud/fraud-2"]),
        ("other", None, SECOND, ["fraud/fraud-2"]),
        ("fraud-2", "renamed", {"fraud/fraud-2": "renamed"}, ["fraud/fraud-2/2", "fraud/fraud-2"]),
    ],
    ids=[
        "new",
        "new, named",
        "deployed, named",
        "creation without an answer",
        "a changed name",
        "successor",
        "successor without an answer",
        "both",
        "back again",
        "retired",
        "successor given up",
        "after the retirement",
        "retired before the successor's answer",
        "successor of a successor",
        "a changed name of a successor",
        "a resource of another name",
    ],
)
def test_resource_names_follow_the_state(
    name: str | None, predecessor: str | None, before: dict[str, str], expected: list[str]
) -> None:
    found = assigned(declared(name, predecessor), state(**before))
    assert resources(found) == expected
    assert (found.missing, found.undeclared) == ([], [])


def test_the_prefix_is_not_in_resource_names() -> None:
    found = assigned(declared("fraud-2", "fraud", "dev-"), state(fraud="dev-fraud"))
    assert resources(found) == ["fraud/fraud-2", "fraud"]


@pytest.mark.parametrize(
    ("name", "retired"), [("fraud-2", "fraud"), (None, "fraud-2")], ids=["predecessor", "successor"]
)
def test_an_undeclared_endpoint_is_retired(name: str | None, retired: str) -> None:
    (found,) = assigned(declared(name), state(**BOTH)).retirements
    assert (found.member.name, found.member.endpoint_id) == (retired, f"id-of-{retired}")
    assert found.heir.name == (name or "fraud")


def test_an_endpoint_without_answer_is_no_retirement() -> None:
    found = assigned(declared(), state(**FIRST | {"fraud/fraud-2": ""}))
    assert (resources(found), found.retirements) == (["fraud"], [])
    assert [each.resource for each in found.abandoned] == ["fraud/fraud-2"]


@pytest.mark.parametrize("before", [{}, {"fraud": ""}, SECOND], ids=["new stack", "no answer", "retired"])
def test_a_predecessor_out_of_the_state_is_missing(before: dict[str, str]) -> None:
    found = assigned(declared("fraud-2", "fraud"), state(**before))
    assert [each.name for each in found.missing] == ["fraud"]
    assert len(set(resources(found))) == 2


def test_a_third_endpoint_is_undeclared() -> None:
    ((endpoint, members),) = assigned(declared("fraud-3", "fraud-2"), state(**BOTH)).undeclared
    assert (endpoint.name, [each.name for each in members]) == ("fraud-3", ["fraud"])


def test_a_new_name_for_two_endpoints_is_undeclared() -> None:
    ((endpoint, members),) = assigned(declared("fraud-3"), state(**BOTH)).undeclared
    assert (endpoint.name, [each.name for each in members]) == ("fraud-3", ["fraud", "fraud-2"])


def test_families_of_other_keys_are_apart() -> None:
    found = assigned(declared(), state(fraud="fraud", **{"fraud-2": "fraud-2", "fraud-2/fraud-3": "fraud-3"}))
    assert (resources(found), found.retirements) == (["fraud"], [])


@pytest.mark.parametrize("seed", range(40))
def test_no_history_moves_a_resource(seed: int) -> None:
    """Migrations there and back, some killed in the middle: each endpoint keeps the resource it was created with."""
    random = Random(seed)  # noqa: S311  a test repeats its choices
    live, names = {"fraud": "fraud"}, (f"fraud-{number}" for number in count(2))
    current, previous = "fraud", None
    for _ in range(30):
        match random.choice(["start", "start and kill", "swap", "retire", "repeat"]):
            case "start" | "start and kill" as step if previous is None:
                current, previous = next(names), current
                resource = resources(assigned(declared(current, previous), state(**live)))[0]
                assert resource not in live
                if step == "start and kill":
                    unfinished = state(**live, **{resource: ""})
                    assert resources(assigned(declared(current, previous), unfinished))[0] == resource
                live[resource] = current
            case "swap" if previous is not None:
                current, previous = previous, current
            case "retire" if previous is not None:
                (retired,) = assigned(declared(current), state(**live)).retirements
                assert retired.member.name == previous
                live, previous = {held: name for held, name in live.items() if name != previous}, None
            case _:
                pass
        found = assigned(declared(current, previous), state(**live))
        held = {name: resource for resource, name in live.items()}
        assert resources(found) == [held[name] for name in (current, previous) if name]
        assert (found.missing, found.undeclared, found.retirements, found.abandoned) == ([], [], [], [])
