"""Stop and start an endpoint of a stack at once, with what its stack file makes of that.

Sources and what is not documented: model_serving/databricks/stopping.py.
"""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import NotFoundError, WorkspaceError
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    endpoint_path,
    is_stopped,
    is_updating,
)
from model_serving.databricks.stopping import Say, begin_start, start_endpoint, stop_endpoint
from model_serving.errors import InterruptedRunError, UserError
from model_serving.operations.live.targets import Target, Targets

State = Literal["stopped", "ready", "starting"]


@dataclass(frozen=True)
class Outcome:
    """What was done: whether anything had to be, what the endpoint is now, and what the next `up` does with it."""

    endpoint: str
    name: str
    state: State
    changed: bool
    keep: str


@dataclass(frozen=True)
class Operator:
    """Somebody who stops and starts one endpoint of a stack. `say` gets a sentence while something takes long."""

    targets: Targets
    target: Target
    say: Say

    def stop(self, confirm: Callable[[str], None], *, wait: bool) -> Outcome:
        """Stop the endpoint, after `confirm` with what that means.

        With `wait`, an update in progress is waited for, LONGEST_UPDATE_SECONDS at most; without, it is refused as the
        service does. Raises UserError.
        """
        with self._as_user_errors("was not stopped"):
            live = self._live()
            if is_stopped(live) and not is_updating(live):
                return self._outcome("stopped", changed=False)
            self._require_stoppable(live, waits=wait)
            confirm(
                f'Every request to endpoint "{self.target.name}" of {self.targets.host} gets 400 from then on, until it'
                " is started, which takes minutes. Its id, URL, permissions and config stay"
            )
            longest = LONGEST_UPDATE_SECONDS if wait else 0
            changed = stop_endpoint(self.targets.workspace, self.target.name, self.say, longest)
        return self._outcome("stopped", changed=changed)

    def start(self, seconds: float | None) -> Outcome:
        """Start the endpoint and wait until it is ready, for `seconds` at most; None does not wait. Raises UserError.

        Nothing is sent to an endpoint that is not stopped.
        """
        with self._as_user_errors("is not ready"):
            self._live()
            if seconds is None:
                changed = begin_start(self.targets.workspace, self.target.name)
                state: State = "starting" if is_updating(self._live()) else "ready"
                return self._outcome(state, changed=changed)
            changed = start_endpoint(self.targets.workspace, self.target.name, self.say, seconds)
        return self._outcome("ready", changed=changed)

    def _live(self) -> dict[str, Any]:
        return self.targets.workspace.get(endpoint_path(self.target.name))

    def _require_stoppable(self, live: Mapping[str, Any], *, waits: bool) -> None:
        """Raise UserError for what the service is documented to refuse."""
        name = f'Endpoint "{self.target.name}"'
        for entity in ((live.get("config") or {}).get("served_entities")) or []:
            if kind := _not_custom(entity):
                raise UserError(
                    f"{name} can't be stopped: Databricks stops endpoints of custom models only, and"
                    f' "{entity["name"]}" is {kind}'
                )
        if is_updating(live) and not waits:
            raise UserError(
                f"{name} can't be stopped while an update of it is in progress. To wait until it ends, add --wait"
            )
        if not live.get("config") and not is_updating(live):
            raise UserError(f"{name} can't be stopped: it has never been deployed successfully")

    def _outcome(self, state: State, *, changed: bool) -> Outcome:
        return Outcome(self.target.key, self.target.name, state, changed, self._keep(is_stop=state == "stopped"))

    def _keep(self, *, is_stop: bool) -> str:
        """What the next `up` does, and how to keep the endpoint as it is now."""
        declared = self.target.declared
        field = f"endpoints.{self.target.key}"
        if declared is None:
            return "The stack files do not declare it, or have errors: what `pulumi up` does with it is not known"
        if is_stop and declared.stopped:
            return "The stack file declares it so: `stopped: true`"
        if is_stop:
            return (
                "The next `pulumi up` leaves it stopped, unless it deploys another config. To keep it stopped, declare"
                f" `stopped: true` under {field}"
            )
        if declared.stopped:
            return f"The next `pulumi up` stops it again: remove `stopped: true` under {field}"
        return "The stack file declares it so"

    @contextmanager
    def _as_user_errors(self, state: str) -> Iterator[None]:
        stack, key = self.targets.stack, self.target.key
        look = f"Its state: model-serving status {key} --stack {stack}"
        try:
            yield
        except NotFoundError:
            hint = (
                f"To create it, deploy stack {stack}" if self.target.declared else "Nothing can be stopped or started"
            )
            raise UserError(f'There is no endpoint "{self.target.name}" in {self.targets.host}. {hint}') from None
        except WorkspaceError as error:
            reason = connection_problem(error, self.targets.settings) or str(error)
            raise UserError(f'Endpoint "{self.target.name}" {state}: {reason}\n{look}') from None
        except KeyboardInterrupt:
            what = f"What was sent goes on in the workspace. {look}"
            raise InterruptedRunError(signal.SIGINT, f"Interrupted. {what}") from None


def _not_custom(entity: Mapping[str, Any]) -> str:
    """What a served entity is that can't be stopped; empty for a custom model."""
    if entity.get("external_model"):
        return "an external model"
    if entity.get("foundation_model") or str(entity.get("entity_name")).startswith("system.ai."):
        return "a foundation model"
    return "" if entity.get("entity_version") else "a feature spec"
