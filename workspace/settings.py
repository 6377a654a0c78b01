"""Settings of the workspace: times, switches and quotas."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_serving.workspace.admin.switches import DEFAULTS
from model_serving.workspace.serving.quotas import Limits


@dataclass(frozen=True)
class Settings:
    """The settings of one run. Times are in seconds.

    An entity that may scale to zero does so `idle_after` its last query; the next query waits for `cold_start`. Source
    of the 30 minutes: product documentation, scale to zero. Metrics are of the last full `metrics_interval`, which is a
    minute on the service; 0 serves counters, which show each request at once.
    """

    ready_after: float = 2.0
    token_lifetime: float = 3600.0
    idle_after: float = 1800.0
    cold_start: float = 3.0
    metrics_interval: float = 60.0
    switches: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)
    limits: Limits = field(default_factory=Limits)
