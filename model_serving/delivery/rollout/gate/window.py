"""The figures since a step's split went live, from readings that may fail."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.metrics.figures import Figures, figures
from model_serving.databricks.metrics.reader import Meter
from model_serving.databricks.metrics.sample import INTERVAL_SECONDS, WHOLE_ENDPOINT, Sample

UNSEEN_SECONDS: Final = 2 * INTERVAL_SECONDS
"""The minute in which the split went live is of both splits, and the last one is not reported yet."""


class Window:
    """The figures of the minutes that began after `begin`, which the service reports once each is over.

    Where a workspace counts requests without an end, the window begins with the first reading.
    """

    def __init__(self, read: Callable[[], Sample], clock: Callable[[], float] = time.time) -> None:
        self._read, self._clock = read, clock
        self._began = 0.0
        self._meter: Meter | None = None
        self._first: Sample | None = None
        self._last: Sample | None = None
        self._reports_minutes = False
        self.lost = ""
        """Why the last reading failed; empty if it did not."""

    def begin(self) -> None:
        """Begin the window now."""
        self._began = self._clock()
        self.read()

    def read(self) -> None:
        """Take a reading. Nothing is raised where that fails: `lost` says why."""
        try:
            sample = self._read()
        except WorkspaceError as error:
            self.lost = str(error)
            return
        self.lost = ""
        self._reports_minutes = not sample.adds_up
        if self._meter is None:
            if self._reports_minutes and _interval_end(sample) < self._began:
                return  # the next minute that is reported may be the one of both splits
            self._meter = Meter(self._read_already)
        self._sample = sample
        self._last = self._meter.read()
        self._first = self._first or self._last

    def _read_already(self) -> Sample:
        return self._sample

    @property
    def figures(self) -> Mapping[str, Figures]:
        """The figures by served entity, and of the endpoint as WHOLE_ENDPOINT; empty before anything is counted."""
        return figures(self._first, self._last) if self._first and self._last else {}

    @property
    def is_too_short(self) -> bool:
        """Whether the window is shorter than the service needs to report a minute of it."""
        return self._reports_minutes and self._elapsed < UNSEEN_SECONDS + INTERVAL_SECONDS

    @property
    def gap(self) -> str:
        """What can't be judged because readings were lost; empty where nothing is missing."""
        if self.lost:
            return f"can't be read: {self.lost}"
        if not self._reports_minutes:
            return ""
        measured, possible = self._measured, self._elapsed - UNSEEN_SECONDS
        if measured < possible / 2:
            return f"could be read of {measured:.0f} s only, of the {self._elapsed:.0f} s since the step began"
        return ""

    @property
    def _elapsed(self) -> float:
        return self._clock() - self._began

    @property
    def _measured(self) -> float:
        whole = self.figures.get(WHOLE_ENDPOINT)
        return (whole.seconds or 0.0) if whole else 0.0


def _interval_end(sample: Sample) -> float:
    """The end of the minute that a sample is of; the one before it was read if the workspace gives no time."""
    if sample.interval_end is not None:
        return sample.interval_end
    return sample.time // INTERVAL_SECONDS * INTERVAL_SECONDS
