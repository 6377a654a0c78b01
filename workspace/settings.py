"""The settings of one run of the workspace."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_serving.workspace.admin.switches import DEFAULTS
from model_serving.workspace.serving.quotas import Limits


@dataclass(frozen=True)
class Settings:
    """What may differ from one run to the next. Times are in seconds.

    `idle_after` without a query, an entity that may scale to zero has done so; the next query then waits `cold_start`.
    Source of the half hour: product documentation, scale to zero.
    """

    ready_after: float = 2.0
    token_lifetime: float = 3600.0
    idle_after: float = 1800.0
    cold_start: float = 3.0
    switches: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)
    limits: Limits = field(default_factory=Limits)
