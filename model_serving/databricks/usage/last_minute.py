"""The requests of an endpoint's last full minute, from its metrics. They don't say who sent them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.metrics.reader import read_sample
from model_serving.databricks.metrics.sample import INTERVAL_SECONDS
from model_serving.databricks.usage.usage import Kind, Reading, Requester

METRICS: Final = "metrics"


def last_minute(workspace: Workspace, endpoint: str, now: datetime) -> Reading:
    """The requests of the last full minute that the workspace reports."""
    try:
        sample = read_sample(workspace, endpoint)
    except WorkspaceError as error:
        return Reading(Kind.METRICS, METRICS, now, now, problem=f"Its metrics can't be read: {error}")
    if sample.adds_up:
        return Reading(
            Kind.METRICS, METRICS, now, now, problem="Its metrics count all requests ever, not those of a minute"
        )
    end = now if sample.interval_end is None else datetime.fromtimestamp(sample.interval_end, UTC)
    answered = round(sum(each.answered for each in sample.requests.values()))
    found = (Requester("", answered, end),) if answered else ()
    return Reading(Kind.METRICS, METRICS, end - timedelta(seconds=INTERVAL_SECONDS), end, found)
