"""The endpoints that a stack declares: each key's endpoint, and its predecessor where it declares one."""

from collections.abc import Iterator
from dataclasses import dataclass

from model_serving.spec.field_path import FieldPath
from model_serving.spec.vocabulary.predecessor import Predecessor
from model_serving.spec.vocabulary.stack import Endpoint, Stack

PREDECESSOR = "predecessor"
"""The field of an endpoint that declares its predecessor."""


@dataclass(frozen=True)
class DeclaredEndpoint:
    """One endpoint of the workspace that a stack declares.

    `path` is its place in the stack file, `name` its name in the workspace, with `name_prefix`.
    """

    key: str
    path: FieldPath
    endpoint: Endpoint
    name: str
    is_predecessor: bool = False

    @property
    def address(self) -> str:
        """What commands know it by, which is its place in the outputs, too: `fraud`, or `fraud.predecessor`."""
        return predecessor_address(self.key) if self.is_predecessor else self.key

    @property
    def written_name(self) -> str:
        """The name without `name_prefix`, as the stack file has it."""
        return self.endpoint.name or self.key

    @property
    def prefix(self) -> str:
        """The stack's `name_prefix`."""
        return self.name.removesuffix(self.written_name)


def predecessor_address(key: str) -> str:
    """What commands know the predecessor of a key by. No endpoint of the workspace has a dot in its name."""
    return f"{key}.{PREDECESSOR}"


def predecessor_of(stack: Stack, key: str) -> Endpoint | None:
    """The predecessor of that endpoint, as an endpoint of its own; None if it declares none.

    Keys that a predecessor can't have, such as `smoke`, are as in the endpoint. It has neither rollout nor predecessor.
    """
    endpoint = stack.endpoints[key]
    declared = endpoint.predecessor
    if declared is None:
        return None
    fields = {name: getattr(declared, name) for name in Predecessor.model_fields}
    own = {"name": declared.name or key, "rollout": None, "adopt_id": None, PREDECESSOR: None}
    return endpoint.model_copy(update={**fields, **own})


def declared_endpoints(stack: Stack) -> Iterator[DeclaredEndpoint]:
    """Every endpoint of the workspace that the stack declares. A predecessor follows its successor."""
    for key in stack.endpoints:
        yield from declared_at(stack, key)


def declared_at(stack: Stack, key: str) -> Iterator[DeclaredEndpoint]:
    """The endpoint of one key, and after it its predecessor if it declares one."""
    path, endpoint = ("endpoints", key), stack.endpoints[key]
    yield DeclaredEndpoint(key, path, endpoint, stack.name_prefix + (endpoint.name or key))
    if predecessor := predecessor_of(stack, key):
        name = stack.name_prefix + (predecessor.name or key)
        yield DeclaredEndpoint(key, (*path, PREDECESSOR), predecessor, name, is_predecessor=True)


def shares_traffic(endpoint: Endpoint, predecessor: Endpoint) -> bool:
    """Whether a predecessor has the traffic of its endpoint, so that both get each step of a rollout."""
    return predecessor.routes == endpoint.routes
