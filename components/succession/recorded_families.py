"""The resource name of each declared endpoint, by the stack's state before this run. Nothing is read here.

The family of a key is its first endpoint, whose resource name is the key, and the successors that were created since.
A resource name never moves to another endpoint: that would be a deletion.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model_serving.components.engine.state import State
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.spec.endpoint_resources import is_in_family, is_successor, successor_resource
from model_serving.spec.field_path import FieldPath
from model_serving.spec.succession import DeclaredEndpoint


@dataclass(frozen=True)
class Member:
    """An endpoint of a family that the state has.

    `name` is its name in the workspace, `endpoint_id` its id; both are empty where a run ended before the workspace's
    answer to the creation.
    """

    resource: str
    name: str = ""
    endpoint_id: str = ""


@dataclass(frozen=True)
class Retirement:
    """An endpoint of the state that is no longer declared, while its key is. `heir` is what its key declares now."""

    heir: DeclaredEndpoint
    member: Member


@dataclass
class Families:
    """The resource names of all declared endpoints, and what does not fit."""

    resources: dict[FieldPath, str] = field(default_factory=dict)
    """By the place in the stack file."""
    members: dict[FieldPath, Member] = field(default_factory=dict)
    """Of the declared endpoints that the state has."""
    missing: list[DeclaredEndpoint] = field(default_factory=list)
    """Predecessors that the state does not have."""
    undeclared: list[tuple[DeclaredEndpoint, tuple[Member, ...]]] = field(default_factory=list)
    """Endpoints of the state that can't be retired now, with what their key declares instead."""
    retirements: list[Retirement] = field(default_factory=list)
    abandoned: list[Member] = field(default_factory=list)
    """Successors that an unfinished run began to create, and that are no longer declared."""


def families(declared: Iterable[DeclaredEndpoint], state: State) -> Families:
    """The resource of each declared endpoint.

    An endpoint has the resource that holds an endpoint of its name. Without one, a successor gets a new resource name;
    any other endpoint gets the resource of its family, so that a changed name is a replacement, which a hook refuses.
    """
    found, recorded = Families(), [*_members(state)]
    by_key: dict[str, list[DeclaredEndpoint]] = {}
    for each in declared:
        by_key.setdefault(each.key, []).append(each)
    for key, (endpoint, *predecessors) in by_key.items():
        members = {each.resource: each for each in recorded if is_in_family(each.resource, key)}
        _assign(found, endpoint, predecessors, members)
    return found


def _assign(
    found: Families,
    endpoint: DeclaredEndpoint,
    predecessors: Sequence[DeclaredEndpoint],
    members: Mapping[str, Member],
) -> None:
    """Add the resources of one key's endpoints. There is one predecessor at most."""
    left = dict(members)
    for each in (endpoint, *predecessors):
        if member := _member_of(each, left.values()):
            found.resources[each.path], found.members[each.path] = member.resource, left.pop(member.resource)
    live = [each for each in left.values() if each.name]
    if endpoint.path in found.resources or predecessors:
        taken = {*members, *found.resources.values()}
        new = successor_resource(endpoint.key, endpoint.written_name)
        found.resources.setdefault(endpoint.path, _free(new, taken))
        found.missing += [each for each in predecessors if each.path not in found.resources]
        for each in predecessors:
            found.resources.setdefault(each.path, _free(each.key, {*taken, new}))
        if predecessors and live:
            found.undeclared.append((endpoint, tuple(live)))
        else:
            found.retirements += [Retirement(endpoint, each) for each in live]
    elif len(live) > 1:
        found.resources[endpoint.path] = live[-1].resource
        found.undeclared.append((endpoint, tuple(live)))
    else:
        found.resources[endpoint.path] = live[0].resource if live else endpoint.key
        found.members |= {endpoint.path: live[0]} if live else {}
    used = {*found.resources.values()}
    found.abandoned += [
        each for each in left.values() if not each.name and is_successor(each.resource) and each.resource not in used
    ]


def _members(state: State) -> Iterator[Member]:
    """Every endpoint of the state, and every component of one whose creation was not answered."""
    endpoints = {each.name: each.outputs for each in state.of(MODEL_SERVING)}
    for name in dict.fromkeys([*endpoints, *(each.name for each in state.of(SERVING_ENDPOINT_COMPONENT))]):
        outputs = endpoints.get(name, {})
        yield Member(name, str(outputs.get("name") or ""), str(outputs.get("servingEndpointId") or ""))


def _member_of(declared: DeclaredEndpoint, members: Iterable[Member]) -> Member | None:
    """The member that is this endpoint: by its name, or as the resource that an unfinished run registered for it."""
    new = successor_resource(declared.key, declared.written_name)
    for each in members:
        if each.name == declared.name or (not each.name and each.resource == new):
            return each
    return None


def _free(resource: str, taken: Iterable[str]) -> str:
    """The resource name, numbered if the state has it for an endpoint of another name."""
    names, number, free = set(taken), 1, resource
    while free in names:
        number += 1
        free = f"{resource}/{number}"
    return free
