"""The condition of a live endpoint, from GET's answer and the fields that differ; and who changed it when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from model_serving.databricks.serving_endpoints import (
    config_update,
    deployment_state,
    has_failed,
    is_stopped,
    is_updating,
)
from model_serving.operations.drift.declared import Declared
from model_serving.operations.drift.report import Condition, FieldDrift, Trace

_ENDPOINT: Final = "the endpoint"


def condition_of(fields: Sequence[FieldDrift], declared: Declared, live: Mapping[str, Any]) -> tuple[Condition, str]:
    """The class of an endpoint that is live and in the stack's state, and why it is in that class."""
    if reason := failure(live):
        return Condition.FAILED, reason
    if is_stopped(live) and not declared.endpoint.stopped:
        return Condition.STOPPED, "it is stopped: every request gets 400"
    if fields:
        return Condition.DRIFTED, "an update is in progress" if is_updating(live) else ""
    if is_updating(live):
        return Condition.UPDATING, "an update to what is declared is in progress"
    return Condition.AS_DECLARED, ""


def failure(live: Mapping[str, Any]) -> str:
    """Why an endpoint that is neither stopped nor being updated serves nothing, or not all; empty if it does."""
    if is_updating(live):
        return ""
    if has_failed(live):
        return "the last update was canceled" if config_update(live) == "UPDATE_CANCELED" else "the last update failed"
    if is_stopped(live):
        return ""
    entities = (live.get("config") or {}).get("served_entities") or []
    if failed := [str(each.get("name")) for each in entities if deployment_state(each) in ("failed", "aborted")]:
        return f"{', '.join(failed)} {'fails' if len(failed) == 1 else 'fail'}"
    if (live.get("state") or {}).get("ready") != "READY":
        return "it answers no requests" if entities else "it has no served entities"
    return ""


def traces_of(live: Mapping[str, Any]) -> Iterator[Trace]:
    """When it was last changed, by whomever, and who created it when. Source: REST reference, get."""
    changed, created = live.get("last_updated_timestamp"), live.get("creation_timestamp")
    if changed and changed != created:
        yield Trace("last changed", "", changed / 1000, _ENDPOINT)
    if created:
        yield Trace("created", str(live.get("creator") or ""), created / 1000, _ENDPOINT)
