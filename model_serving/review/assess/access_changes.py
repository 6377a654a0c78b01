"""What a preview does to the access list of an endpoint: who gains and loses, and whether it is managed at all."""

from collections.abc import Iterator, Mapping
from typing import Any

from model_serving.databricks.resource_types import ENDPOINT_ACCESS, PERMISSIONS
from model_serving.review.assess.actions import action_of
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.permissions import Grant, KnownPrincipals, grants
from model_serving.review.assess.resource_change import Action, Row


def access_changes(group: Group, known: KnownPrincipals) -> tuple[Grant, ...]:
    """The levels that `databricks.Permissions` changes, and those that EndpointAccess, an empty list, removes."""
    emptied, listed = group.main(ENDPOINT_ACCESS), group.main(PERMISSIONS)
    removed = grants(emptied.old, {}, known) if emptied and action_of(emptied) is Action.UPDATE else ()
    if listed is None or action_of(listed) in {Action.NONE, Action.ADOPT, Action.FORGET}:
        return removed
    refreshed = group.refresh(PERMISSIONS)
    new: Mapping[str, Any] = {} if action_of(listed) is Action.DELETE else listed.new
    return (*grants(refreshed.old if refreshed else listed.old, new, known), *removed)


def grant_rows(changed: tuple[Grant, ...]) -> Iterator[Row]:
    """Each changed level as a field of the endpoint."""
    for grant in changed:
        yield Row(f"permissions.{grant.principal.name}", grant.before or "", grant.after or "", ("permissions",))


def management_impacts(group: Group) -> Iterator[Impact]:
    """What it means that a list is managed from now on without an entry, or no longer managed."""
    lists = [step for step in map(group.main, (ENDPOINT_ACCESS, PERMISSIONS)) if step]
    if any(step.type == ENDPOINT_ACCESS and action_of(step) is Action.CREATE for step in lists):
        why = "administrators, its creator and whoever deploys keep theirs"
        yield impact(Risk.ACCESS, "Everyone loses access: the list of permissions is empty", why)
    elif lists and all(action_of(step) is Action.DELETE for step in lists):
        why = "whoever gets access from then on is in no file, and no review shows it"
        yield impact(Risk.ACCESS, "Its permissions are no longer managed", why)
