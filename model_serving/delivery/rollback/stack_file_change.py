"""The change of the stack files that declares what a rollback has restored, so that no deployment undoes it.

It is written where the value comes from: into the stack's own file, unless `base.yaml` decides and no other stack has
it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from model_serving.delivery.edited_copy import edited_copy
from model_serving.delivery.file_text import file_text
from model_serving.delivery.patch import unified_diff
from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.delivery.rollback.goal import Goal
from model_serving.delivery.yaml_edit import with_value
from model_serving.errors import UserError
from model_serving.spec import Endpoint, ServedEntity, Stack, load_stack
from model_serving.spec.files.listing import BASE, stack_file, stacks
from model_serving.spec.files.yaml_locations import read
from model_serving.spec.succession import predecessor_address

_ENDPOINTS = ("config", "model-serving:endpoints")

FieldPath: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class StackFileChange:
    """The files with their new texts; none where they declare it already."""

    files: Mapping[str, str]
    """By their paths in the project's folder."""
    patch: str


@dataclass(frozen=True)
class LoadedFiles:
    """The stack files as they are."""

    stack: str
    folder: Path
    spec: Stack


def stack_file_change(stack: str, folder: Path, deployed: DeployedEndpoint, goal: Goal) -> StackFileChange:
    """The change that declares the goal. Nothing is written.

    Raises UserError where the stack files have errors, or the change can't be made without changing more.
    """
    before = LoadedFiles(stack, folder, load_stack(stack, folder / "stacks"))
    endpoint = before.spec.endpoints.get(deployed.key)
    if deployed.key.endswith(predecessor_address("")):
        raise UserError(
            f"{deployed.key} has what its endpoint declares, unless its own block says otherwise. Write `traffic:"
            f" {dict(goal.traffic)}` into it by hand"
        )
    if endpoint is None:
        raise UserError(f"The stack files don't declare {deployed.key} any more: the next deployment would delete it")
    texts: dict[str, str] = {}
    for path, value in _changes(endpoint, deployed, goal):
        file = _deciding_file(stack, folder, (*_ENDPOINTS, deployed.key, *path))
        text = texts.get(file) or file_text(folder / file)
        texts[file] = with_value(text, (*_ENDPOINTS, deployed.key, *path), value)
    _require_exact(texts, before, deployed.key, _expected(endpoint, deployed, goal))
    patches = (unified_diff(file, file_text(folder / file), text) for file, text in texts.items())
    return StackFileChange(texts, "".join(patches))


def _changes(endpoint: Endpoint, deployed: DeployedEndpoint, goal: Goal) -> Iterator[tuple[FieldPath, Any]]:
    """The paths below the endpoint that change, with their values."""
    wanted = _expected(endpoint, deployed, goal)
    for name, entity in wanted.served_entities.items():
        yield from _entity_changes(name, endpoint.served_entities.get(name), entity)
    if endpoint.routes != wanted.routes:
        for name, share in wanted.traffic.items():
            if endpoint.traffic.get(name) != share:
                yield ("traffic", name), share


def _entity_changes(name: str, now: ServedEntity | None, wanted: ServedEntity) -> Iterator[tuple[FieldPath, Any]]:
    if now is None:
        yield ("served_entities", name), _written(wanted)
        return
    before, after = _written(now), _written(wanted)
    for field in dict.fromkeys([*after, *before]):
        if before.get(field) != after.get(field):
            yield ("served_entities", name, field), after.get(field)


def _written(entity: ServedEntity) -> dict[str, Any]:
    dumped: dict[str, Any] = entity.model_dump(exclude_defaults=True)
    return dumped


def _expected(endpoint: Endpoint, deployed: DeployedEndpoint, goal: Goal) -> Endpoint:
    """The endpoint as it must be declared. Raises UserError for an entity that only the state has."""
    entities = {**endpoint.served_entities, **goal.declared}
    for name, share in goal.traffic.items():
        if share and name not in entities:
            raise UserError(
                f"The stack files don't declare {name} of {deployed.key} any more: declare it again by hand"
            )
    for name in {**goal.versions, **dict.fromkeys(goal.pinned)}:
        own = deployed.entities[name]
        version = goal.versions.get(name, own.version)
        if name in entities:
            entities[name] = entities[name].model_copy(update={"entity": own.model, "version": version})
    traffic = {name: goal.traffic.get(name, 0) for name in dict.fromkeys([*endpoint.routes, *goal.traffic])}
    kept = {name: share for name, share in traffic.items() if name in entities}
    return endpoint.model_copy(update={"served_entities": entities, "traffic": kept})


def _deciding_file(stack: str, folder: Path, path: FieldPath) -> str:
    """The file to write a value into."""
    own, base = stack_file(stack), f"stacks/{BASE}"
    if path in read(folder / own).locations or not (folder / base).exists():
        return own
    is_shared = any(each != stack for each in stacks(folder))
    return base if not is_shared and path[:-1] in read(folder / base).locations else own


def _require_exact(change: Mapping[str, str], before: LoadedFiles, key: str, wanted: Endpoint) -> None:
    """Raise UserError unless the changed files declare the wanted endpoint, and everything else as before."""
    with edited_copy(before.folder, change) as copy:
        after = load_stack(before.stack, copy / "stacks")
    expected = before.spec.model_copy(update={"endpoints": {**before.spec.endpoints, key: wanted}})
    if _comparable(after, key) != _comparable(expected, key):
        raise UserError(
            f"{', '.join(change)} can't be changed without changing more, because of anchors or merge keys (<<). Edit"
            f" {key} by hand: traffic {dict(wanted.routes)}"
        )


def _comparable(spec: Stack, key: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Everything that a stack declares. A sole entity has all traffic, whether or not that is written."""
    return spec.model_dump(exclude={"endpoints": {key: {"traffic"}}}), dict(spec.endpoints[key].routes)
