"""The endpoints of one key of the stack files: the endpoint itself and, during a migration, its predecessor.

Each is a component of its own. The component of a predecessor says so in its inputs, so that a plan shows who has which
role before and after.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from model_serving.databricks.resource_types import IS_PREDECESSOR, SERVING_ENDPOINT_COMPONENT
from model_serving.review.plan.preview import Step, Urn
from model_serving.spec.endpoint_resources import key_of

ENDPOINT: Final = "endpoint"
PREDECESSOR: Final = "predecessor"
SUCCESSOR: Final = "successor"
"""What was the endpoint, and is removed while its predecessor stays: a migration that is abandoned."""

ENDPOINTS: Final = (ENDPOINT, PREDECESSOR, SUCCESSOR)
"""The kinds of owners that are serving endpoints."""


@dataclass(frozen=True)
class Member:
    """A component by the name of its resource. A role is ENDPOINT or PREDECESSOR, empty where it doesn't exist."""

    resource: str
    before: str
    after: str


def families(steps: Iterable[Step]) -> dict[str, tuple[str, str]]:
    """The kind and the key of each endpoint's component, by the name of its resource."""
    by_key: dict[str, list[Member]] = {}
    for each in _members(steps):
        by_key.setdefault(key_of(each.resource), []).append(each)
    return {each.resource: owner for key, family in by_key.items() for each, owner in _owners(key, family)}


def _members(steps: Iterable[Step]) -> list[Member]:
    every = [*steps]
    found = {step.urn.name: _member(step) for step in every if _is_component(step.urn) and step.op != "refresh"}
    for step in every:
        name = step.parent.name
        # A hook that refuses the deletion of an endpoint ends the plan before that of its component.
        if _is_component(step.parent) and name not in found and step.op != "refresh":
            found[name] = Member(name, "" if step.op == "create" else "?", "" if step.op == "delete" else ENDPOINT)
    return [*found.values()]


def _is_component(urn: Urn) -> bool:
    return urn.type == SERVING_ENDPOINT_COMPONENT


def _member(step: Step) -> Member:
    return Member(
        step.urn.name,
        "" if step.op == "create" else _role(step.old),
        "" if step.op == "delete" else _role(step.new),
    )


def _role(inputs: Mapping[str, object]) -> str:
    return PREDECESSOR if inputs.get(IS_PREDECESSOR) is True else ENDPOINT


def _owners(key: str, family: list[Member]) -> list[tuple[Member, tuple[str, str]]]:
    """The owner of each member; by their own names where they are no family, as in a program without stack files."""
    found = [(each, (_kind(each, family), key)) for each in family]
    kinds = [owner for _, owner in found]
    if len({*kinds}) == len(kinds):
        return found
    return [(each, (ENDPOINT, each.resource)) for each in family]


def _kind(member: Member, family: list[Member]) -> str:
    if member.after:
        return member.after
    kept = [each for each in family if each.after]
    if not kept:
        return PREDECESSOR if member.before == PREDECESSOR else ENDPOINT
    returned = any(each.before == PREDECESSOR and each.after == ENDPOINT for each in kept)
    if member.before in (PREDECESSOR, "?") and not returned:
        return PREDECESSOR
    return SUCCESSOR if returned else ENDPOINT
