"""Read the status of a stack's endpoints: the reads, judged one by one."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from model_serving.databricks.build_logs import build_log
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import WorkspaceError
from model_serving.errors import UserError
from model_serving.operations.drift.declared import aliases
from model_serving.operations.live.drift import Expected
from model_serving.operations.live.extras import extras_of, totals_of
from model_serving.operations.live.judge import absent, judged, unread
from model_serving.operations.live.reads import (
    Reads,
    concurrently,
    is_unsettled,
    read_aliases,
    read_endpoints,
)
from model_serving.operations.live.status import EndpointStatus, EntityStatus, Serves, Source, StackStatus, State
from model_serving.operations.live.targets import Target, Targets
from model_serving.operations.live.traffic_figures import Traffic, TrafficReader

_FRESH_SECONDS = 30
"""How old the stack files and the state may be that a status is compared with."""

_LOG_LINES = 5
"""How many of the last lines of a build log are shown of an entity that is being deployed, or has failed."""


class Collector:
    """Reads the status of the chosen endpoints of a stack, again and again.

    Stack files and state are read at first, and at most twice a minute: a deployment may change both meanwhile.
    """

    def __init__(self, read: Callable[[], Targets], names: Sequence[str] = ()) -> None:
        self._read, self._names = read, tuple(names)
        self._traffic = TrafficReader()
        self.targets = read()
        self._chosen = self.targets.chosen(names)
        self._read_at = time.monotonic()
        self._declared: dict[str, Expected] | None = None

    def collect(self) -> StackStatus:
        """The status now. Raises UserError if the workspace does not answer, or rejects the credentials."""
        if time.monotonic() - self._read_at > _FRESH_SECONDS:
            self._read_again()
        try:
            return self._collect()
        except WorkspaceError as error:
            raise UserError(connection_problem(error, self.targets.settings) or str(error)) from error

    def _read_again(self) -> None:
        """Read files and state again; if that fails, what was read before stays."""
        self._read_at = time.monotonic()
        with suppress(UserError):
            targets = self._read()
            self._chosen, self.targets, self._declared = targets.chosen(self._names), targets, None

    def _collect(self) -> StackStatus:
        workspace, now = self.targets.workspace, time.time()
        if self._declared is None:
            self._declared = self._read_declared()
        reads = read_endpoints(workspace, self._chosen, self._is_urgent, named=bool(self._names))
        found = [self._status(target, reads) for target in self._chosen]
        found = concurrently(self._with_logs, found)
        found, without = self._with_traffic(found)
        found = [replace(each, extras=extras_of(self.targets, each)) for each in found]
        notes = (*self.targets.notes, *_unread(found), *without)
        totals = totals_of(self.targets, found) if len(found) == len(self.targets.endpoints) > 1 else {}
        return StackStatus(self.targets.stack, self.targets.host, now, tuple(found), notes, totals)

    def _read_declared(self) -> dict[str, Expected]:
        source = self.targets.source
        wanted = aliases(each.declared for each in self._chosen if each.declared)
        versions = read_aliases(self.targets.workspace, wanted) if wanted else {}
        declared = {each.address: each for each in source.declared(versions.get)}
        deployed = {each.name: each for each in source.deployed.endpoints}
        known = source.resources is not None
        return {
            each.key: Expected(declared.get(each.key), deployed.get(each.name), known, source.key_of)
            for each in self._chosen
        }

    def _status(self, target: Target, reads: Reads) -> EndpointStatus:
        key, declared, host = target.key, (self._declared or {})[target.key], self.targets.host
        if key in reads.detailed:
            return judged(target, reads.detailed[key], declared, host)
        if key in reads.failed:
            return unread(target, reads.failed[key])
        if key in reads.listed:
            return judged(target, reads.listed[key], declared, host, listed=True)
        return absent(target, is_state_known=declared.is_state_known)

    def _is_urgent(self, target: Target, summary: Mapping[str, Any]) -> bool:
        declared = (self._declared or {})[target.key]
        return is_unsettled(summary) or bool(judged(target, summary, declared, "", listed=True).drift)

    def _with_logs(self, status: EndpointStatus) -> EndpointStatus:
        """The status with the end of the build logs of what fails, or of what is deployed where endpoints are named."""
        if status.source is not Source.ENDPOINT:
            return status
        return replace(status, entities=tuple(self._with_log(status, each) for each in status.entities))

    def _with_log(self, status: EndpointStatus, entity: EntityStatus) -> EntityStatus:
        pending = entity.pending.state if entity.pending else ""
        if pending != "failed" and not (self._names and status.state is State.UPDATING and pending == "creating"):
            return entity
        return replace(entity, log=build_log(self.targets.workspace, status.name, entity.name, _LOG_LINES))

    def _with_traffic(self, found: Sequence[EndpointStatus]) -> tuple[list[EndpointStatus], list[str]]:
        """The statuses with the figures of those that were read one by one, and notes on figures that can't be read."""
        wanted = [each.name for each in found if each.source is Source.ENDPOINT and each.serves is not Serves.NOTHING]
        read = self._traffic.read(self.targets.workspace, wanted)
        failed = {name: reason for name, reason in read.items() if isinstance(reason, str)}
        notes = [f"The figures of {', '.join(failed)} can't be read: {next(iter(failed.values()))}"] if failed else []
        known = {name: traffic for name, traffic in read.items() if isinstance(traffic, Traffic)}
        return [replace(each, traffic=known.get(each.name)) for each in found], notes


def _unread(found: Sequence[EndpointStatus]) -> list[str]:
    """What was not read of a large stack."""
    listed = [each.key for each in found if each.source is Source.LISTING]
    if not listed:
        return []
    number = f"{len(listed)} of {len(found)} endpoints"
    more = "To read one of them, name it: model-serving status ENDPOINT"
    return [f"Of {number} only the state and the versions were read, not the traffic and the figures. {more}"]
