"""Report what a program waits for, if an operation takes long: the engine and the provider print nothing meanwhile.

The provider retries a call that the workspace throttles or cannot serve, without a message, and waits up to 45 minutes
for a deployment. A thread of the program then asks the workspace itself, a few operations at a time.
"""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi.runtime import is_dry_run

from model_serving.components.deployment.deployment_progress import Deploying, Progress, first_seconds
from model_serving.components.engine.program_run import PerRun
from model_serving.components.providers import default_settings, explicit_settings
from model_serving.databricks.call_clock import FIRST_MESSAGE_SECONDS, NEXT_MESSAGE_SECONDS, print_line
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path, is_updating

_TICK_SECONDS: Final = 1.0
_PROBE_SECONDS: Final = "5"
"""For how long the request for the workspace's state is retried."""

_PROBE_EVERY_SECONDS: Final = 15.0
"""How often the workspace is asked: with _MAX_SHOWN, far below the provider's own limit of 15 requests a second."""

_MAX_SHOWN: Final = 5


@dataclass
class Operation:
    """A resource that is being created, updated or read. `after` names the kinds of resources that it waits for.

    `endpoint` is the name of a serving endpoint; `since` is when the operation had nothing left to wait for.
    """

    kind: str
    name: str
    after: tuple[str, ...] = ()
    endpoint: str | None = None
    since: float | None = field(default=None, init=False)

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


class SlowOperations:
    """The pending operations of a program in one workspace, and the thread that reports the slow ones."""

    def __init__(self, settings: Mapping[str, Any] | None) -> None:
        self.settings = settings
        """The provider's; None until an explicit provider's are known."""
        self._lock = threading.Lock()
        self._pending: list[Operation] = []
        self._next_probe = self._next_message = 0.0
        self._progress = Progress()
        self._thread: threading.Thread | None = None

    def begin(self, operation: Operation) -> None:
        """Add an operation."""
        with self._lock:
            self._pending.append(operation)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="slow-operations", daemon=True)
                self._thread.start()

    def end(self, operation: Operation) -> None:
        """Remove an operation."""
        with self._lock:
            self._pending.remove(operation)

    def _run(self) -> None:
        while self._has_pending():
            time.sleep(_TICK_SECONDS)
            now = time.monotonic()
            slow = self._slow(now)
            if slow and now >= self._next_probe:
                self._next_probe = now + min(_PROBE_EVERY_SECONDS, first_seconds() or _PROBE_EVERY_SECONDS)
                self._report(slow, now)

    def _report(self, slow: list[Operation], now: float) -> None:
        """Ask the workspace, and print what is stuck and what is being deployed."""
        answers = [(each, self._answer(each)) for each in slow[:_MAX_SHOWN]]
        answers = [(each, answer) for each, answer in answers if self._is_pending(each)]
        if now >= self._next_message and (message := self._message(answers, now)):
            self._next_message = now + NEXT_MESSAGE_SECONDS
            print_line(message)
        deploying = [
            Deploying(each.endpoint or each.name, now - (each.since or now), answer)
            for each, answer in answers
            if isinstance(answer, Mapping)
        ]
        more = sum(bool(each.endpoint) for each in slow[_MAX_SHOWN:])
        if deploying and (line := self._progress.line(deploying, more, self._workspace(), now)):
            print_line(line)

    def _is_pending(self, operation: Operation) -> bool:
        """Whether the operation has not ended while the workspace was asked."""
        with self._lock:
            return operation in self._pending

    def _has_pending(self) -> bool:
        with self._lock:
            if not self._pending:
                self._thread = None
            return bool(self._pending)

    def _slow(self, now: float) -> list[Operation]:
        """The operations that have taken long enough to be reported."""
        with self._lock:
            kinds = {operation.kind for operation in self._pending}
            started = [operation for operation in self._pending if kinds.isdisjoint(operation.after)]
            for operation in started:
                operation.since = operation.since or now
            first = min(FIRST_MESSAGE_SECONDS, first_seconds() or FIRST_MESSAGE_SECONDS)
            return [each for each in started if each.since and now - each.since >= first]

    def _message(self, answers: Sequence[tuple[Operation, str | Mapping[str, Any]]], now: float) -> str | None:
        """The slow operations by the workspace's answer; None if all of them are deployments in progress."""
        by_answer: dict[str, list[Operation]] = {}
        for operation, answer in answers:
            if isinstance(answer, str) and now - (operation.since or now) >= FIRST_MESSAGE_SECONDS:
                by_answer.setdefault(answer, []).append(operation)
        if not by_answer:
            return None
        seconds = round(max(now - (each.since or now) for group in by_answer.values() for each in group))
        groups = "; ".join(f"{', '.join(map(str, group))}: {answer}" for answer, group in by_answer.items())
        return f"Waited {seconds} s for {groups}. {self._timeout()}"

    def _answer(self, operation: Operation) -> str | Mapping[str, Any]:
        """What is known of the operation, or the answer to GET of an endpoint that is being deployed."""
        if self.settings is None:
            return "the settings of its provider are not known yet"
        path = endpoint_path(operation.endpoint) if operation.endpoint else ENDPOINTS_PATH
        try:
            answer = self._workspace().find(path)
        except WorkspaceError as error:
            return str(error)
        if not operation.endpoint:
            return "the workspace answers, but not yet to this"
        if answer is None:
            return "the workspace answers, but has not created it"
        return answer if is_updating(answer) else "the workspace has it and is not deploying it"

    def _workspace(self) -> Workspace:
        return connect({**(self.settings or {}), "retryTimeoutSeconds": _PROBE_SECONDS})

    def _timeout(self) -> str:
        if seconds := (self.settings or {}).get("retryTimeoutSeconds"):
            return f"A call that gets no answer, or 429 or 503, fails after {seconds} s"
        return "There is no timeout; to set one: pulumi config set databricks:retryTimeoutSeconds 300"


class _Workspaces:
    """The pending operations of one program run by explicit provider; None for the stack's default one."""

    def __init__(self) -> None:
        self._by_provider: dict[pulumi.ProviderResource | None, SlowOperations] = {}
        self.tasks: set[asyncio.Future[None]] = set()  # the event loop keeps no reference to its tasks

    def of(self, resource: pulumi.CustomResource) -> SlowOperations:
        provider = resource.get_provider(resource.pulumi_resource_type)
        if provider not in self._by_provider:
            settings = explicit_settings(resource)
            self._by_provider[provider] = SlowOperations(None if settings else default_settings())
            if settings:
                self.run(_set_settings(self._by_provider[provider], settings))
        return self._by_provider[provider]

    def run(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


_workspaces = PerRun(_Workspaces)


def report_if_slow(resource: pulumi.CustomResource, operation: Operation) -> None:
    """Report the resource's operation if it takes long, from its registration to the engine's answer.

    A preview performs no operations.
    """
    if is_dry_run():
        return
    workspaces = _workspaces.get()
    operations = workspaces.of(resource)
    operations.begin(operation)
    workspaces.run(_end_when_answered(resource, operation, operations))


async def _end_when_answered(resource: pulumi.CustomResource, operation: Operation, operations: SlowOperations) -> None:
    try:
        with suppress(Exception):  # the resource itself reports it; an output made from its URN would repeat it
            await resource.urn.future()
    finally:
        operations.end(operation)


async def _set_settings(operations: SlowOperations, settings: pulumi.Output[dict[str, Any]]) -> None:
    with suppress(Exception):  # the provider itself reports it
        operations.settings = await settings.future()
