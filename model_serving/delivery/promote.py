"""Promotion from one stack to another: what differs between their files, and the patch for the target's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel

from model_serving.delivery.patch import unified_diff
from model_serving.delivery.undeployed import Undeployed, undeployed
from model_serving.delivery.yaml_edit import with_value, without_key
from model_serving.errors import UserError
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.redact import shown
from model_serving.spec import Endpoint, load_stack
from model_serving.spec.files.listing import BASE, stack_file
from model_serving.spec.files.secrets import is_secret
from model_serving.spec.succession import PREDECESSOR
from model_serving.spec.vocabulary.quantities import Quantity

_MODEL_FIELDS: Final = ("entity", "version", "feature_spec")
"""The fields of a served entity that are promoted. Its compute belongs to the environment."""


_ROLLOUT: Final = "rollout"
_OF_ONE_STACK: Final = ("protect", "retain_on_delete", "replace_id", "adopt_id", "name", _ROLLOUT, PREDECESSOR)
"""Fields that `all` leaves out: a safeguard that the target alone has stays, an id belongs to one stack, a live
endpoint can't be renamed, and each environment decides how its traffic moves, and when it migrates."""


class PromotionError(UserError):
    """The two stacks can't be compared."""


@dataclass(frozen=True)
class Difference:
    """A field of an endpoint with another value in the source than in the target, and whether the patch holds it."""

    endpoint: str
    change: Change
    """From the target's value to the source's."""
    promoted: bool

    @property
    def field(self) -> str:
        """The path below the endpoint, such as `traffic.champion`."""
        return ".".join(self.change.path)

    @property
    def source(self) -> str:
        """The source's value, for people."""
        return _shown(self.change.new)

    @property
    def target(self) -> str:
        """The target's value, for people."""
        return _shown(self.change.old)


def _shown(value: Any) -> str:
    """A value for people. An empty list is one: of permissions, it removes everybody's."""
    return "[]" if isinstance(value, list) and not value else shown(value)


@dataclass(frozen=True)
class Promotion:
    """How two stacks differ, and the patch for the target's file."""

    source: str
    target: str
    differences: tuple[Difference, ...]
    only_in_source: tuple[str, ...]
    only_in_target: tuple[str, ...]
    undeployed: tuple[Undeployed, ...]
    """Endpoints of either stack that are not deployed as declared, where the state was read."""
    patch: str


def promotion(source: str, target: str, folder: Path, include: Sequence[str] = (), *, state: bool = False) -> Promotion:
    """Compare two stacks of the project's folder; with `state`, what is deployed of them, too.

    `include` names fields to promote beside models and their versions; `all` stands for every field but the safeguards
    of the target. Raises SpecError, PromotionError and StateError.
    """
    if source == target:
        raise PromotionError(f'"{source}" can\'t be promoted to itself; name two stacks')
    endpoints = {stack: load_stack(stack, folder / "stacks").endpoints for stack in (source, target)}
    here, there = endpoints[source], endpoints[target]
    differences = [
        difference
        for key in here
        if key in there
        for difference in _differences(key, _declared(here, key), _declared(there, key), include)
    ]
    return Promotion(
        source,
        target,
        tuple(differences),
        tuple(sorted(set(here) - set(there))),
        tuple(sorted(set(there) - set(here))),
        tuple(each for stack in endpoints for each in undeployed(stack, endpoints[stack], folder)) if state else (),
        _patch(folder, stack_file(target), differences),
    )


def _declared(endpoints: Mapping[str, Endpoint], key: str) -> dict[str, Any]:
    """An endpoint as the stack files declare it, with the name of its predecessor for all of that."""
    endpoint = endpoints[key]
    declared: dict[str, Any] = _written(endpoint)
    if endpoint.predecessor:
        declared[PREDECESSOR] = {"name": endpoint.predecessor.name or key}
    return declared


def _written(value: Any) -> Any:
    """A value as stack files declare it: a model as a map of the fields that they set."""
    if isinstance(value, BaseModel):
        return {
            name: _written(getattr(value, name)) for name in type(value).model_fields if name in value.model_fields_set
        }
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, Quantity):
        return str(value)
    return [_written(item) for item in value] if isinstance(value, list | tuple) else value


def _differences(
    key: str, source: Mapping[str, Any], target: Mapping[str, Any], include: Sequence[str]
) -> Iterator[Difference]:
    for change in _single_values(compare(target, source)):
        yield Difference(key, change, _is_promoted(change, target, include))


def _single_values(changes: Iterable[Change]) -> Iterator[Change]:
    """The changes, with one for each value of a map that is added."""
    for change in changes:
        if change.kind is Kind.ADD and isinstance(change.new, Mapping) and change.new:
            added = (Change((*change.path, name), Kind.ADD, new=value) for name, value in change.new.items())
            yield from _single_values(added)
        else:
            yield change


def _is_promoted(change: Change, target: Mapping[str, Any], include: Sequence[str]) -> bool:
    """Whether the patch holds a change of an endpoint that the target declares as `target`."""
    field, *below = change.path
    # A stack's secrets are encrypted with its own key: another stack can't read them.
    if field == PREDECESSOR or is_secret(change.new) or is_secret(change.old):
        return False
    # The gate of a rollout has `smoke` and other names, too, which ask for nothing of it.
    if {field} & set(include) or (field != _ROLLOUT and set(change.path) & set(include)):
        return True
    if "all" in include:
        return field not in _OF_ONE_STACK
    if field != "served_entities":
        return False
    if _is_in_one_stack(change, target):
        # Without its share of the traffic the target's file would be invalid, or not serve what it declares.
        return "traffic" in include
    return below[-1] in _MODEL_FIELDS


def _is_in_one_stack(change: Change, target: Mapping[str, Any]) -> bool:
    """Whether a change adds or removes a served entity as a whole."""
    field, *below = change.path
    return field == "served_entities" and (len(below) == 1 or below[0] not in target["served_entities"])


def _patch(folder: Path, file: str, differences: Iterable[Difference]) -> str:
    """The promoted differences as a unified diff of a stack file; empty where there are none."""
    before = after = (folder / file).read_text(encoding="utf-8")
    shared = folder / "stacks" / BASE
    base = yaml.safe_load(shared.read_text(encoding="utf-8")) if shared.exists() else None
    for each in differences:
        if each.promoted:
            path = ("config", "model-serving:endpoints", each.endpoint, *each.change.path)
            # `null` removes a value of base.yaml, and is an error where base.yaml has none.
            is_own = each.change.new is None and not _has(base, path)
            after = without_key(after, path) if is_own else with_value(after, path, each.change.new)
    return unified_diff(file, before, after)


def _has(values: Any, path: Sequence[str]) -> bool:
    """Whether nested maps have a value at a path."""
    for name in path:
        if not isinstance(values, Mapping) or values.get(name) is None:
            return False
        values = values[name]
    return True
