"""Who changed what differs, and when, from the audit log, where a SQL warehouse is known to read it with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from model_serving.databricks.audit_log import AUDIT, Event, serving_events
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.table_problems import explained
from model_serving.operations.drift.report import Condition, Kind, Origin, ResourceDrift, Trace

LONGEST: Final = timedelta(days=30)
"""How far back events are looked for."""

TIMEOUT_SECONDS: Final = 120.0
"""How long the statement may take, the start of the warehouse included."""

_MOST_EVENTS: Final = 3
"""How many events an endpoint gets."""

_BY_HAND: Final = (Condition.MISSING, Condition.STOPPED, Condition.MADE_BY_HAND)


def with_events(
    workspace: Workspace,
    resources: Sequence[ResourceDrift],
    ids: Mapping[str, str],
    warehouse: str,
    *,
    waiting: Callable[[str, float], None] = lambda _state, _seconds: None,
) -> tuple[list[ResourceDrift], str]:
    """The resources with the newest events of each endpoint that was changed outside, and why there are none.

    `ids` are those of the states by name: the log knows permissions by an endpoint's id. Nothing is asked without a
    warehouse, or where nothing was changed outside.
    """
    if not warehouse or not any(map(is_changed_outside, resources)):
        return [*resources], ""
    try:
        since = datetime.now(UTC) - LONGEST
        events = serving_events(workspace, warehouse, since, timeout=TIMEOUT_SECONDS, waiting=waiting)
    except WorkspaceError as error:
        return [*resources], f"Who changed what is not known. {explained(error, AUDIT, warehouse)}"
    return [_with(each, ids, events) if is_changed_outside(each) else each for each in resources], ""


def is_changed_outside(resource: ResourceDrift) -> bool:
    """Whether somebody changed, deleted or made an endpoint, and not only its declaration."""
    if resource.kind is not Kind.ENDPOINT or not resource.condition.is_drift:
        return False
    fields = [each for each in resource.fields if each.origin is not Origin.NOT_DEPLOYED]
    return resource.condition in _BY_HAND or bool(fields)


def _with(resource: ResourceDrift, ids: Mapping[str, str], events: Sequence[Event]) -> ResourceDrift:
    names = {resource.name, resource.id, ids.get(resource.name, "")} - {""}
    found = [each for each in events if not names.isdisjoint(each.about)][:_MOST_EVENTS]
    traces = [Trace(each.action, each.who, each.time, AUDIT) for each in found]
    others = [each for each in resource.traces if not (traces and each.action == "last changed")]
    return replace(resource, traces=(*traces, *others))
