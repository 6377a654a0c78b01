"""The rollouts of a stack's endpoints, as Pulumi's state remembers them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.databricks.resource_types import ROLLOUT_RECORD, ROLLOUT_STEP
from model_serving.operations.stack_state import Resource, address_keys, resource_name, state_resources
from model_serving.spec.endpoint_resources import endpoint_resource, key_of
from model_serving.spec.rollout_record import Entry, Record, Split, Status, record_from

_SUFFIXES = {ROLLOUT_RECORD: "-rollout", ROLLOUT_STEP: "-rollout-step"}


@dataclass(frozen=True)
class History:
    """The rollouts of one endpoint: the one that runs or ran last, and the steps of all, the oldest first."""

    endpoint: str
    """The endpoint's key."""
    record: Record
    since: str = ""
    """When the split of the current step was deployed, in UTC; empty if it was not yet."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every split that was deployed: time, run, split before and after, verdict, figures."""
        return self.record.entries

    @property
    def is_running(self) -> bool:
        """Whether a rollout has begun and neither reached its target nor gone back; its process may have died."""
        return not self.record.status.is_over

    @property
    def failed(self) -> bool:
        """Whether the last rollout failed."""
        return self.record.status is Status.FAILED

    @property
    def before(self) -> Split:
        """The split before the last rollout."""
        return self.record.start


def read_history(stack: str, resources: Iterable[Resource] | None = None) -> Mapping[str, History]:
    """The history of each endpoint that has one, by its key. `resources` are the state's where they are read already.

    A record that another version of this library has written, and that this one can't read, is left out. Raises
    UserError if the state can't be read.
    """
    found: dict[str, dict[str, Mapping[str, Any]]] = {kind: {} for kind in _SUFFIXES}
    every = [*(state_resources(stack) if resources is None else resources)]
    keys = address_keys(every)
    for each in every:
        if each["type"] in _SUFFIXES and not each.get("delete"):
            endpoint = endpoint_resource(resource_name(each), _SUFFIXES[each["type"]])
            found[each["type"]][keys.get(endpoint, key_of(endpoint))] = each.get("outputs") or {}
    steps = found[ROLLOUT_STEP]
    records = {key: _record(outputs.get("record")) for key, outputs in found[ROLLOUT_RECORD].items()}
    return {key: _history(key, record, steps.get(key) or {}) for key, record in records.items() if record}


def _record(text: Any) -> Record | None:
    try:
        return record_from(str(text)) if text else None
    except ValueError:
        return None


def _history(key: str, record: Record, step: Mapping[str, Any]) -> History:
    is_deployed = step.get("step") == record.step
    return History(key, record, str(step.get("since") or "") if is_deployed else "")
