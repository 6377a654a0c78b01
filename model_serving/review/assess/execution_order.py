"""What deploying does, step by step, in the order in which the engine does it.

The engine deletes what it replaces first, then creates and updates along the dependencies, then deletes what is no
longer declared, and the little that it replaces by creating the new one first. Within each part the order here is by
kind and name, so that two previews of one change read the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from model_serving.databricks.resource_types import (
    COMPONENTS,
    ENDPOINT_ACCESS,
    ENDPOINT_STOP,
    ENGINE_TYPES,
    MODEL_SERVING,
    PERMISSIONS,
    SECRET_ACL,
    SECRET_DELIVERY,
    SECRET_SCOPE,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_SECRET,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.review.assess.families import ENDPOINT
from model_serving.review.assess.grouping import Group, Owner, owners, short_name
from model_serving.review.assess.migration import Phase, pair_of
from model_serving.review.assess.rollout import declaration_changes
from model_serving.review.assess.safeguards import safeguard_changes
from model_serving.review.assess.sentence import Part, Sentence, quoted, sentence
from model_serving.review.plan.preview import WRITING, Step

_PHASES = {"delete-replaced": 0, "create": 1, "import": 1, "update": 1, "create-replacement": 1, "delete": 2}
_LAST = 2
_CREATED_FIRST = (SECRET_ACL, SECRET_DELIVERY)
"""What the engine replaces by creating the new one first."""
_VERBS = {
    "delete-replaced": "Delete ",
    "create": "Create ",
    "import": "Import ",
    "update": "Update ",
    "create-replacement": "Recreate ",
    "delete": "Delete ",
}
_NOUNS = {
    SECRET_SCOPE: "secret scope",
    SERVICE_PRINCIPAL: "service principal",
    SERVICE_PRINCIPAL_SECRET: "OAuth secret",
    SECRET_ACL: "secret scope reader",
    SECRET_DELIVERY: "secret delivery",
    MODEL_SERVING: "endpoint",
    PERMISSIONS: "permissions",
    ENDPOINT_ACCESS: "empty permissions",
}
"""In the order of the dependencies: permissions name endpoints and principals."""


@dataclass(frozen=True)
class Write:
    """One write to the workspace, or to Pulumi's state alone."""

    text: Sentence
    verb: str = ""
    noun: str = ""
    name: str = ""
    """The parts of the text, so that many writes of one kind can be shown as one; empty for a write to the state."""
    configures_endpoint: bool = False
    """Whether it creates an endpoint or updates its config, of which Databricks takes so many in a while."""


def execution_order(
    steps: tuple[Step, ...], groups: Iterable[Group] = (), rollouts: Mapping[Owner, int] | None = None
) -> tuple[Write, ...]:
    """The writes of `steps`, and those of `groups` to Pulumi's state alone. Components write nothing.

    `rollouts` has the number of steps in which the traffic of an endpoint moves, by its kind and key.
    """
    owner_of = owners(steps)
    deleted = {step.parent for step in steps if step.type == MODEL_SERVING and step.op == "delete"}
    writes = sorted(
        (
            step
            for step in steps
            if step.op in WRITING and not _is_component(step) and not (_is_end_of_stop(step) and step.parent in deleted)
        ),
        key=_rank,
    )
    deletions = [step for step in writes if _phase(step) == _LAST]
    return (
        *(
            _in_its_steps(_write(step), (rollouts or {}).get(owner_of[step.urn.text], 0))
            for step in writes[: len(writes) - len(deletions)]
        ),
        *(write for group in groups for write in _state_writes(group)),
        *map(_write, deletions),
    )


def _is_component(step: Step) -> bool:
    return step.type.startswith((COMPONENTS, *ENGINE_TYPES))


def _is_end_of_stop(step: Step) -> bool:
    """Whether a stop is deleted. With its endpoint, nothing is written for it; without, the endpoint starts."""
    return step.type == ENDPOINT_STOP and step.op == "delete"


def _rank(step: Step) -> tuple[int, int, str]:
    phase = _phase(step)
    kind = [*_NOUNS].index(step.type) if step.type in _NOUNS else len(_NOUNS) + (step.type == ENDPOINT_STOP)
    return phase, kind if phase == 1 else -kind, step.urn.name


def _phase(step: Step) -> int:
    return _LAST if step.op == "delete-replaced" and step.type in _CREATED_FIRST else _PHASES[step.op]


def _write(step: Step) -> Write:
    is_of_endpoint = step.parent.type == SERVING_ENDPOINT_COMPONENT
    name = short_name(step.urn.name) if is_of_endpoint else step.urn.name
    if step.type == ENDPOINT_STOP and step.op != "delete-replaced":
        verb, key = ("Start" if _is_end_of_stop(step) else "Stop"), name.removesuffix("-stop")
        return Write(sentence(f"{verb} endpoint ", quoted(key)), verb, "endpoint", key)
    noun: tuple[Part, ...] = (f"{_NOUNS.get(step.type, step.urn.short_type)} ", quoted(name))
    if step.op == "delete" and step.retained:
        return Write(sentence("Remove ", *noun, " from Pulumi's state; it stays in the workspace"))
    configures = step.type == MODEL_SERVING and step.op in {"create", "create-replacement", "update"}
    verb, kind = _VERBS[step.op].strip(), _NOUNS.get(step.type, step.urn.short_type)
    return Write(sentence(_VERBS[step.op], *noun), verb, kind, name, configures)


def _in_its_steps(write: Write, count: int) -> Write:
    """A write of an endpoint whose traffic moves in `count` steps; 0 if it doesn't."""
    if not count or not write.configures_endpoint:
        return write
    # Without a verb it is no part of "Update 40 endpoints".
    return replace(
        write, text=sentence(write.text, f", in {count} step{'s' if count > 1 else ''} of its rollout"), verb=""
    )


def _state_writes(group: Group) -> Iterable[Write]:
    for change in safeguard_changes(group):
        row = change.row
        what = ("Set ", quoted(row.label), f" of {group.kind} ", quoted(group.label), " to ", quoted(row.after))
        yield Write(sentence(*what, " in Pulumi's state"))
    if declaration_changes(group):
        yield Write(sentence("Note the rollout of ", f"{group.kind} ", quoted(group.label), " in Pulumi's state"))
    pair = pair_of(group) if group.kind == ENDPOINT else None
    if pair and pair.migration.phase is Phase.TURNS_BACK:
        roles = (quoted(pair.migration.endpoint), " is endpoint ", quoted(group.key), ", and ")
        yield Write(sentence("Note that ", *roles, quoted(pair.migration.counterpart), " its predecessor"))
