"""Endpoints that were rolled back, and that a change would bring to what they were rolled back from."""

from collections.abc import Iterable, Iterator

from model_serving.databricks.resource_types import MODEL_SERVING, ROLLED_BACK, SERVING_ENDPOINT_COMPONENT
from model_serving.review.assess.grouping import address_of, owners
from model_serving.review.plan.notices import Notice, NoticeKind
from model_serving.review.plan.preview import WRITING, Step

_CONFIG = "config"


def undone_rollbacks(steps: Iterable[Step]) -> list[str]:
    """The endpoints that were rolled back since the whole stack was deployed, and whose configuration changes now.

    By what commands know them by.
    """
    every = tuple(steps)
    owner_of = owners(every)
    marked = {
        each.urn for each in every if each.type == SERVING_ENDPOINT_COMPONENT and each.outputs.get(ROLLED_BACK) is True
    }
    return sorted(
        address_of(owner_of[each.urn.text])
        for each in every
        if each.type == MODEL_SERVING
        and each.parent in marked
        and each.op in WRITING
        and each.old.get(_CONFIG) != each.new.get(_CONFIG)
    )


def rollback_notices(steps: Iterable[Step], stack: str) -> Iterator[Notice]:
    """A notice for each of them: a person has to want it."""
    for key in undone_rollbacks(steps):
        yield Notice(
            NoticeKind.ROLLED_BACK,
            f"`{key}` was rolled back, and this change undoes the rollback",
            fix=f"To keep what serves now, declare it: `model-serving rollback {key} --stack {stack} --to SPLIT --patch"
            " FILE` writes the change of the stack file, with the split of `model-serving status`",
        )
