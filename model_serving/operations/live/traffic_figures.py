"""Requests, errors and latencies of endpoints over the last full minute, which is what the workspace reports.

One read of the metrics of each endpoint, of a bounded number of endpoints. The service counts by the minute, so two
reads a few seconds apart would show nothing more.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.metrics.figures import Figures, figures
from model_serving.databricks.metrics.reader import read_sample
from model_serving.databricks.metrics.sample import WHOLE_ENDPOINT
from model_serving.operations.live.reads import concurrently

_SHORTEST_SECONDS = 20.0
"""Figures of one minute are read at most so often: a live view refreshes the states more often."""


@dataclass(frozen=True)
class Traffic:
    """The figures of an endpoint by served entity."""

    by_entity: Mapping[str, Figures] = field(default_factory=dict)
    window_end: float | None = None
    """The end of the minute, as a UNIX time; None if the workspace does not say it."""

    @property
    def whole(self) -> Figures | None:
        """The figures of the endpoint as a whole."""
        return self.by_entity.get(WHOLE_ENDPOINT)


class TrafficReader:
    """Reads the figures of endpoints, and keeps them while they are fresh."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Traffic | str]] = {}

    def read(self, workspace: Workspace, endpoints: Sequence[str]) -> Mapping[str, Traffic | str]:
        """The figures by name of the endpoint, or else why they can't be read."""

        def one(name: str) -> Traffic | str:
            try:
                sample = read_sample(workspace, name)
            except WorkspaceError as error:
                return str(error)
            return Traffic(figures(None, sample), sample.interval_end)

        now = time.monotonic()
        stale = [name for name in endpoints if name not in self._kept or now - self._kept[name][0] > _SHORTEST_SECONDS]
        for name, found in zip(stale, concurrently(one, stale), strict=True):
            self._kept[name] = now, found
        return {name: self._kept[name][1] for name in endpoints}
