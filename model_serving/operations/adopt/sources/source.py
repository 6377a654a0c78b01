"""What another tool declares of serving endpoints, and how to let go of them there without deleting them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from model_serving.operations.differences import ABSENT, differences
from model_serving.spec.live_fields import live_fields
from model_serving.spec.vocabulary.stack import BaseEndpoint


@dataclass(frozen=True)
class ManagedEndpoint:
    """A serving endpoint that another tool manages. `declared` is in the form of the API's answers.

    `address` is the tool's own name of it: a Terraform address, or the key of a bundle's resource. `place` is where
    that is written, as `file:line:column` or the file.
    """

    name: str
    address: str
    place: str
    declared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ManagedEndpoints:
    """The endpoints of one source, and the text that says how to let go of some of them there, by their names."""

    endpoints: tuple[ManagedEndpoint, ...]
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the workspace, each once, in the order of the source."""
        return tuple(dict.fromkeys(each.name for each in self.endpoints))


def source_differences(managed: ManagedEndpoint, live: Mapping[str, Any]) -> Iterator[str]:
    """Where the other tool declares an endpoint otherwise than it is live, whose fields are those of a stack file.

    Values of environment variables are not shown.
    """
    declared = _normal(live_fields(BaseEndpoint, managed.declared))
    now = _normal(live)
    for each in differences(declared, {name: value for name, value in now.items() if name in declared}):
        if each.left is not ABSENT:  # the service fills in what is absent
            secret = ".environment_vars" in each.path
            values = " differs" if secret else f": {each.left} here, {_text(each.right)} live"
            yield f"{managed.place} {managed.name}: {each.path}{values}"


def _normal(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without the name, by which the endpoint was found, and with models without an alias."""
    entities = {name: _without_defaults(each) for name, each in (fields.get("served_entities") or {}).items()}
    return {**{name: value for name, value in fields.items() if name != "name"}, "served_entities": entities}


def _without_defaults(entity: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in entity.items() if (name, value) != ("workload_type", "CPU")}
    model, at, _ = str(found.get("entity") or "").partition("@")
    return {**found, "entity": model} if at else found


def _text(value: Any) -> str:
    return "none" if value is ABSENT else str(value)
