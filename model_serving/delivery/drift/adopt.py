"""Declare what is live: the change of a stack's own file for the fields that were changed outside."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_serving.databricks.serving_endpoints import traffic_shares
from model_serving.delivery.endpoint_edit import endpoint_change, written_endpoint
from model_serving.delivery.file_text import file_text
from model_serving.delivery.patch import unified_diff
from model_serving.errors import UserError
from model_serving.operations.drift.remedies import why_not_adopted, why_not_declared
from model_serving.operations.drift.report import FieldDrift, ResourceDrift
from model_serving.spec.files.listing import stack_file

_PERMISSIONS = "permissions"
_ENTITIES = "served_entities"
_TRAFFIC = "traffic"
_VERSION = "version"


@dataclass(frozen=True)
class Left:
    """Something that the stack files can't declare."""

    what: str
    why: str


@dataclass(frozen=True)
class DriftAdoption:
    """The change of one stack's own file. Nothing is written yet."""

    stack: str
    folder: Path
    file: str
    """Its path in the project's folder."""
    text: str
    patch: str
    """Empty where nothing changes."""
    declared: Mapping[str, tuple[str, ...]]
    """The fields that it declares as they are live, by the key of the endpoint."""
    left: tuple[Left, ...]

    def write(self) -> None:
        """Change the stack's own file."""
        if self.patch:
            (self.folder / self.file).write_text(self.text, encoding="utf-8", newline="")


def plan_adoption(stack: str, folder: Path, drifted: Iterable[ResourceDrift]) -> DriftAdoption:
    """The change after which the stack's files declare what is live, as far as they can."""
    file = stack_file(stack)
    before = file_text(folder / file)
    declared: dict[str, tuple[str, ...]] = {}
    left: list[Left] = []
    with tempfile.TemporaryDirectory(prefix="model-serving-stacks-") as name:
        copy = Path(name)
        shutil.copytree(folder / "stacks", copy / "stacks")
        for each in drifted:
            if each.stack == stack:
                found, others = _declare(stack, copy, each)
                declared |= {each.key: found} if found else {}
                left += others
        text = file_text(copy / file)
    return DriftAdoption(stack, folder, file, text, unified_diff(file, before, text), declared, tuple(left))


def _declare(stack: str, folder: Path, resource: ResourceDrift) -> tuple[tuple[str, ...], list[Left]]:
    """Write the live values of an endpoint into the file of `folder`: their names, and what could not be declared."""
    own = resource.key or resource.name
    if why := why_not_adopted(resource):
        return (), [Left(own, why)]
    try:
        now = written_endpoint(stack, folder, resource.key)
        wanted, found, left = deepcopy(now.merged), [], []
        for field in resource.fields:
            if why := why_not_declared(field) or _set(wanted, tuple(map(str, resource.path[2:])), field):
                left.append(Left(f"{own}.{field.name}", why))
            else:
                found.append(field.name)
        if _part(wanted, resource).get(_ENTITIES) == {}:
            return (), [*left, Left(own, "none of the served entities that are live can be declared")]
        _complete_traffic(_part(wanted, resource), resource)
        change = endpoint_change(stack, folder, now, wanted)
    except UserError as error:
        return (), [Left(own, str(error))]
    (folder / change.file).write_text(change.text, encoding="utf-8", newline="")
    return tuple(found), left


def _part(endpoint: dict[str, Any], resource: ResourceDrift) -> dict[str, Any]:
    """What the stack file writes of this endpoint: of a predecessor, its block."""
    for part in resource.path[2:]:
        endpoint = endpoint.get(str(part)) or {}
    return endpoint


def _complete_traffic(endpoint: dict[str, Any], resource: ResourceDrift) -> None:
    """Give each of several served entities its share: 0 to one that has none, and none to one that is gone."""
    entities = endpoint.get(_ENTITIES)
    if not isinstance(entities, dict) or not any(field.path[0] in (_ENTITIES, _TRAFFIC) for field in resource.fields):
        return
    shares = endpoint.get(_TRAFFIC)
    if shares is None:
        config = (resource.live or {}).get("config") or {}
        shares = traffic_shares(config.get("traffic_config")) or {}
    if len(entities) > 1 or _TRAFFIC in endpoint:
        kept = {name: share for name, share in shares.items() if name in entities}
        endpoint[_TRAFFIC] = {**kept, **{name: 0 for name in entities if name not in kept}}


def _set(endpoint: dict[str, Any], within: tuple[str, ...], field: FieldDrift) -> str:
    """Set a live value in an endpoint as it is written, or `within` it; returns why it can't be set."""
    node: Any = endpoint
    *above, last = (*within, *map(str, field.path))
    if field.path[0] == _PERMISSIONS:
        inherited = endpoint.get(_PERMISSIONS) or []
        for part in within:
            node = node.setdefault(part, {})
        node[_PERMISSIONS] = _with_level(node.get(_PERMISSIONS, inherited), last, field.live)
        return ""
    for part in above:
        node = node.setdefault(part, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return "it is written in a short form: write that out by hand first"
    if field.live is None and last not in node:
        return "no line of the stack file sets it, so none can be removed: declare it by hand"
    if last == _VERSION and "@" in str(node.get("entity")):
        node["entity"] = str(node["entity"]).partition("@")[0]  # the version that serves is pinned
    if field.live is None:
        del node[last]
    else:
        node[last] = field.live
    return ""


def _with_level(entries: list[dict[str, Any]], principal: str, level: str | None) -> list[dict[str, Any]]:
    """The permissions with this level of `group data-science`; without it for None."""
    kind, _, name = principal.partition(" ")
    wanted = [{**each, "level": level} if _is_of(each, kind, name) else each for each in entries]
    if level is None:
        return [each for each in entries if not _is_of(each, kind, name)]
    return wanted if any(_is_of(each, kind, name) for each in entries) else [*wanted, {kind: name, "level": level}]


def _is_of(entry: dict[str, Any], kind: str, name: str) -> bool:
    """The API has no regard to case in the names of users and service principals."""
    return str(entry.get(kind, "")).lower() == name.lower()
