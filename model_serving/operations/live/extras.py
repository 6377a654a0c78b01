"""What other parts add to a status, in the order of its columns and lines; each is an `Extra` in a file of its own."""

from collections.abc import Sequence
from typing import Any, Final

from model_serving.operations.live.capacity import CAPACITY
from model_serving.operations.live.cost import COST
from model_serving.operations.live.extra import Extra
from model_serving.operations.live.migrations import MIGRATION
from model_serving.operations.live.rollouts import ROLLOUT
from model_serving.operations.live.status import EndpointStatus
from model_serving.operations.live.targets import Targets

EXTRAS: Final[tuple[Extra, ...]] = (MIGRATION, ROLLOUT, COST, CAPACITY)


def extras_of(targets: Targets, status: EndpointStatus) -> dict[str, Any]:
    """The values by name, of the extras that have one."""
    values = {each.name: each.read(targets, status) for each in EXTRAS}
    return {name: value for name, value in values.items() if value is not None}


def totals_of(targets: Targets, statuses: Sequence[EndpointStatus]) -> dict[str, Any]:
    """The values of all endpoints together, of the extras that have one."""
    values = {each.name: each.total(targets, statuses) for each in EXTRAS if each.total}
    return {name: value for name, value in values.items() if value is not None}
