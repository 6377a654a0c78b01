"""Endpoints that are stopped or started by a change: an outage for their callers, or the end of one."""

from collections.abc import Iterator

from model_serving.databricks.resource_types import ENDPOINT_STOP
from model_serving.review.assess.actions import action_of
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.assess.sentence import quoted, sentence

_FIELD = "stopped"
_DEPLOYED = (Action.UPDATE, Action.REPLACE)


def stop_impacts(group: Group, endpoint: Action) -> Iterator[Impact]:
    """What stopping or starting an endpoint means, where `endpoint` is what happens to the endpoint itself."""
    step = group.main(ENDPOINT_STOP)
    action = action_of(step) if step else Action.NONE
    declared = sentence(quoted(_FIELD), " is true")
    match endpoint, action:
        case Action.DELETE | Action.FORGET, _:
            return
        case Action.CREATE, Action.CREATE:
            yield impact(Risk.COST, "Deployed, then stopped: it answers no requests and runs on no compute", declared)
        case _, Action.CREATE:
            yield impact(Risk.OUTAGE, "Stopped: every request gets 400 until it is started", declared)
            yield impact(Risk.COST, "No longer runs on any compute", "its id, URL, permissions and config stay")
        case _, Action.DELETE:
            why = "its config is deployed again, which takes minutes; until then, requests get errors"
            yield impact(Risk.BEHAVIOUR, "Started: it answers requests again", why)
            yield impact(Risk.COST, "Billed again as soon as it is up")
        case _, _ if _was_started(group) or (action in _DEPLOYED and endpoint not in _DEPLOYED):
            by_hand = sentence(declared, ", and somebody has started it outside of this project")
            yield impact(Risk.OUTAGE, "Stopped again: every request gets 400 until it is started", by_hand)
        case _, Action.UPDATE | Action.REPLACE:
            why = "it may run for the minutes of the deployment"
            yield impact(Risk.COST, "Stays stopped: the new config is deployed, and answers no requests", why)


def stop_rows(group: Group) -> Iterator[Row]:
    """The field `stopped` where the stack file changes it."""
    step = group.main(ENDPOINT_STOP)
    match action_of(step) if step else Action.NONE:
        case Action.CREATE:
            yield Row(_FIELD, "", "true", (_FIELD,))
        case Action.DELETE:
            yield Row(_FIELD, "true", "", (_FIELD,))


def stop_drift(group: Group) -> Iterator[Row]:
    """The field `stopped` where a refresh found that somebody has started the endpoint."""
    if _was_started(group):
        yield Row(_FIELD, "true", "false", (_FIELD,))


def _was_started(group: Group) -> bool:
    """Whether a refresh found the endpoint started. The engine names no difference in it, but the update follows it."""
    step = group.main(ENDPOINT_STOP)
    return step is not None and step.old.get(_FIELD) is False
