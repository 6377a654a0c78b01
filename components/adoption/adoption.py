"""What a program takes over of a live endpoint: the resources that it imports, and the values that are live already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ADOPTED: Final = "adopted"
"""The input of this project's own resources with the names of the inputs that are live already: they aren't written."""


@dataclass(frozen=True)
class Adoption:
    """The adoption of one endpoint. An import has no effect on a resource that the state has.

    `endpoint_id` is empty where a program knows the name only. `live` has the names of the inputs of this project's own
    resources that are live already, as far as they were compared.
    """

    endpoint_id: str = ""
    imports_permissions: bool = False
    live: frozenset[str] = field(default_factory=frozenset)

    @property
    def permissions_id(self) -> str | None:
        """The id to import the permissions by. Source: terraform-provider-databricks, docs/resources/permissions.md."""
        return f"/serving-endpoints/{self.endpoint_id}" if self.imports_permissions else None

    def adopted(self, *inputs: str) -> dict[str, list[str]]:
        """The input ADOPTED of a resource that declares these inputs."""
        return {ADOPTED: sorted(self.live.intersection(inputs))}


def nothing_adopted(*_inputs: str) -> dict[str, list[str]]:
    """No input, for an endpoint that is not adopted."""
    return {}


def without_adopted(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs without ADOPTED, which is about one run and not about the resource."""
    return {name: value for name, value in inputs.items() if name != ADOPTED}
