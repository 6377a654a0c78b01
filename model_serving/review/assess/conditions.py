"""Conditions of the live workspace that the policy pack reports: what repeats another part, and what needs a person."""

from collections.abc import Iterable
from dataclasses import replace

from model_serving.contract.conditions import CONDITIONS, NEED_SOMEONE, NO_UNDECLARED_PERMISSIONS, PERMISSIONS_READABLE
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.plan.notices import Notice, NoticeKind
from model_serving.review.plan.preview import Violation


def without_repetitions(change: ResourceChange, notices: Iterable[Notice]) -> ResourceChange:
    """The change without the conditions that another part of the report has.

    Permissions that deploying removes are among its grants or in what was changed outside. What the reader may not read
    is one of the notices.
    """
    repeated = set()
    if change.grants or any(row.label.partition(".")[0] == "permissions" for row in change.drift):
        repeated.add(NO_UNDECLARED_PERMISSIONS)
    if any(each.kind is NoticeKind.UNREAD for each in notices):
        repeated.add(PERMISSIONS_READABLE)
    return replace(change, violations=tuple(each for each in change.violations if each.rule not in repeated))


def is_condition(violation: Violation) -> bool:
    """Whether it is so whether the change is deployed or not. A mandatory rule is one like any other."""
    return violation.rule in CONDITIONS and not violation.mandatory


def is_affected(change: ResourceChange) -> bool:
    """Whether something happens, or has happened, to the resource, or a rule is against it as it is declared."""
    advised = any(not is_condition(each) for each in change.violations)
    return change.action is not Action.NONE or bool(change.drift or change.gone or advised)


def needs_someone(changes: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """The resources that a person must look at, though nothing happens to them."""
    return tuple(each for each in changes if any(violation.rule in NEED_SOMEONE for violation in each.violations))
