"""What the stack files declare of endpoints, in the form that is compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from model_serving.components.from_spec import declared_args
from model_serving.components.inputs import endpoint_inputs
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.databricks.access_lists import AccessEntry
from model_serving.operations.drift.compare import UNREAD
from model_serving.operations.drift.fields import Fields, declared_fields
from model_serving.operations.drift.permissions import declared_entries
from model_serving.spec import Endpoint, Stack
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_plaintext
from model_serving.spec.succession import DeclaredEndpoint, declared_endpoints

Versions = Callable[[str], str | None]
"""The version of an alias such as `main.ml.fraud@Champion`; None where it can't be read."""


@dataclass(frozen=True)
class Declared:
    """An endpoint that the files of a stack declare; a predecessor, too."""

    stack: str
    key: str
    address: str
    """What commands know it by: its key, or `KEY.predecessor`."""
    path: FieldPath
    name: str
    """In the workspace."""
    endpoint: Endpoint
    is_predecessor: bool
    fields: Fields
    permissions: tuple[AccessEntry, ...] | None
    """None where permissions are not managed."""
    deployer: str | None
    aliases: Mapping[str, str]
    """The alias of each served entity that declares one."""

    def with_traffic(self, shares: Mapping[str, int]) -> "Declared":
        """The same with another split: the one that a running rollout has reached."""
        return replace(self, fields={**self.fields, "traffic": {name: each for name, each in shares.items() if each}})


def declared_in(
    stack: str, spec: Stack, versions: Versions, application_id: Callable[[str], str]
) -> Iterator[Declared]:
    """Every endpoint that the stack declares. `application_id` is that of a service principal by its key or itself."""
    for each in declared_endpoints(spec):
        yield _declared(stack, spec, each, versions, application_id)


def _declared(
    stack: str, spec: Stack, each: DeclaredEndpoint, versions: Versions, application_id: Callable[[str], str]
) -> Declared:
    endpoint = each.endpoint
    args = resolve_aliases(declared_args(spec, each), lambda alias: versions(alias) or UNREAD)
    inputs = endpoint_inputs(args)
    permissions = endpoint.permissions
    return Declared(
        stack,
        each.key,
        each.address,
        each.path,
        each.name,
        endpoint,
        each.is_predecessor,
        {**declared_fields(inputs.model_serving, inputs.settings), "stopped": endpoint.stopped},
        None if permissions is None else tuple(declared_entries(permissions, application_id)),
        spec.deployer,
        dict(_aliases(endpoint)),
    )


def aliases(endpoints: Iterable[Endpoint]) -> list[str]:
    """The aliases of models that these endpoints serve."""
    return sorted({alias for each in endpoints for _, alias in _aliases(each)})


def _aliases(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    for name, entity in endpoint.served_entities.items():
        if is_plaintext(entity.entity) and "@" in entity.entity:
            yield name, entity.entity
