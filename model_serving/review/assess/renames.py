"""An endpoint that is deleted while another one with the same models is created: probably meant as a rename."""

from dataclasses import replace

from model_serving.review.assess.impacts import Risk, by_risk, impact
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.assess.sentence import quoted, sentence


def with_renames(changes: list[ResourceChange]) -> list[ResourceChange]:
    """The changes, with a warning on each deleted endpoint that another one seems to succeed."""
    created = [each for each in changes if each.is_endpoint and each.action is Action.CREATE]
    # A migration deletes on purpose, in a change of its own.
    deleted = [each for each in changes if each.action is Action.DELETE and not each.migration]
    return [_with_rename(each, created) if each in deleted else each for each in changes]


def _with_rename(deleted: ResourceChange, created: list[ResourceChange]) -> ResourceChange:
    models = {change.before.model for change in deleted.entities if change.before}
    successor = next((each for each in created if models and models == _new_models(each)), None)
    if successor is None:
        return deleted
    what = sentence(
        "This looks like a rename to ",
        quoted(successor.label),
        ", but endpoints can't be renamed: callers must move before it is deleted",
    )
    why = "the same run creates the new endpoint first and deletes the old one last; use two pull requests instead"
    return replace(deleted, impacts=by_risk([*deleted.impacts, impact(Risk.OUTAGE, what, why)]))


def _new_models(created: ResourceChange) -> set[str]:
    return {change.after.model for change in created.entities if change.after}
