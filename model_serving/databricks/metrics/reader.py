"""Reads of an endpoint's metrics: one sample, or a meter that adds up the minutes that it sees."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from model_serving.databricks.client import Workspace
from model_serving.databricks.metrics.exposition import parse_sample
from model_serving.databricks.metrics.sample import INTERVAL_SECONDS, Requests, Sample
from model_serving.databricks.serving_endpoints import endpoint_path


def metrics_text(workspace: Workspace, endpoint: str) -> str:
    """The metrics of an endpoint as the workspace exports them, for Prometheus. Raises WorkspaceError."""
    return workspace.text(f"{endpoint_path(endpoint)}/metrics")


def read_sample(workspace: Workspace, endpoint: str) -> Sample:
    """What the workspace reports of an endpoint now: its last full minute. Raises WorkspaceError."""
    return parse_sample(endpoint, metrics_text(workspace, endpoint), time.time())


class Meter:
    """Adds up what an endpoint reports, for figures of windows longer than a minute. Threads must not share one.

    The service reports each minute for about a minute: read at least twice in that time. A minute that was missed is
    missing from the requests, and from the seconds that they are counted for. The first read starts the count; the
    minute that it falls into counts as a whole, once it is reported.

    `read` reads one sample: `Meter(lambda: read_sample(workspace, endpoint))`.
    """

    def __init__(self, read: Callable[[], Sample]) -> None:
        self._read = read
        self._closed: dict[str, Requests] = {}
        self._last: Sample | None = None
        self._is_first = True
        self._seconds = 0.0

    def read(self) -> Sample:
        """All that was reported since the first read; the differences of such samples are exact."""
        sample, last = self._read(), self._last
        end = _interval(sample)
        if last is None:
            self._last = sample
            return self._result(sample)
        if sample.adds_up:
            # What is left of the last sample is what came before it, so that nothing is counted twice.
            self._closed = _plus(self._closed, _since(sample, last))
            self._seconds += sample.time - last.time
        elif end != _interval(last):
            self._close(last)
            self._seconds += min(INTERVAL_SECONDS, max(0.0, end - _interval(last)))
        self._last = sample
        return self._result(sample)

    def _close(self, last: Sample) -> None:
        """Add the last interval to those before, unless it ended before the first read."""
        if not self._is_first:
            self._closed = _plus(self._closed, last.requests)
        self._is_first = False

    def _result(self, sample: Sample) -> Sample:
        """The sample with all that is counted; a read within an interval replaces what is known of that one."""
        counts_too = not sample.adds_up and not self._is_first
        current = sample.requests if counts_too else {entity: Requests() for entity in sample.requests}
        return replace(
            sample, requests=_plus(self._closed, current), interval_end=None, seconds=self._seconds, adds_up=True
        )


def _interval(sample: Sample) -> float:
    """The end of a sample's interval; the minute in which it was read if the workspace gives no time."""
    if sample.interval_end is not None:
        return sample.interval_end
    return sample.time // INTERVAL_SECONDS * INTERVAL_SECONDS


def _since(sample: Sample, earlier: Sample) -> dict[str, Requests]:
    return {entity: each.since(earlier.requests.get(entity, Requests())) for entity, each in sample.requests.items()}


def _plus(one: Mapping[str, Requests], other: Mapping[str, Requests]) -> dict[str, Requests]:
    return {entity: one.get(entity, Requests()) + other.get(entity, Requests()) for entity in {**one, **other}}
