"""What approving will do, step by step, in the order in which the engine does it.

The engine deletes what it replaces first, then creates and updates along the dependencies, then deletes what is no
longer declared. Within each part the order here is by kind and name, so that two previews of one change read alike.
"""

from collections.abc import Iterable

from model_serving.databricks.resource_types import (
    COMPONENTS,
    ENGINE_TYPES,
    MODEL_SERVING,
    PERMISSIONS,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_SECRET,
)
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.safeguards import safeguard_changes
from model_serving.review.assess.sentence import quoted
from model_serving.review.plan.preview import WRITING, Step

_PHASES = {"delete-replaced": 0, "create": 1, "import": 1, "update": 1, "create-replacement": 1, "delete": 2}
_SENTENCES = {
    "delete-replaced": "Delete {}",
    "create": "Create {}",
    "import": "Take over {}",
    "update": "Update {}",
    "create-replacement": "Create {} again",
    "delete": "Delete {}",
}
_KINDS = (SERVICE_PRINCIPAL, SERVICE_PRINCIPAL_SECRET, MODEL_SERVING, PERMISSIONS)
"""Along the dependencies: permissions name endpoints and principals."""

_NOUNS = {
    SERVICE_PRINCIPAL: "service principal {}",
    SERVICE_PRINCIPAL_SECRET: "OAuth secret {}",
    MODEL_SERVING: "endpoint {}",
    PERMISSIONS: "permissions {}",
}


def in_order(steps: tuple[Step, ...], groups: Iterable[Group] = ()) -> tuple[str, ...]:
    """The writes as sentences: to the workspace, and of `groups` those to the state alone. Components write nothing."""
    writes = sorted((step for step in steps if step.op in WRITING and not _is_component(step)), key=_rank)
    deleted = [step for step in writes if _PHASES[step.op] == _PHASES["delete"]]
    options = [change.step(group) for group in groups for change in safeguard_changes(group)]
    return (*map(_sentence, writes[: len(writes) - len(deleted)]), *options, *map(_sentence, deleted))


def _is_component(step: Step) -> bool:
    return step.type.startswith((COMPONENTS, *ENGINE_TYPES))


def _rank(step: Step) -> tuple[int, int, str]:
    phase = _PHASES[step.op]
    kind = _KINDS.index(step.type) if step.type in _KINDS else len(_KINDS)
    return phase, kind if phase == 1 else -kind, step.urn.name


def _sentence(step: Step) -> str:
    noun = _NOUNS.get(step.type, step.type.rpartition(":")[2] + " {}").format(quoted(step.urn.name))
    if step.op == "delete" and step.retained:
        return f"Forget {noun}; it stays in the workspace"
    return _SENTENCES[step.op].format(noun)
