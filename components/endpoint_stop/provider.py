"""Create, update, read and delete `EndpointStop`, as a Pulumi dynamic provider.

The engine runs this in another process, started in the project's folder. The state refers to `StopProvider` by module
and name: if it moves, existing states can no longer be read.
"""

import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from model_serving.components.adoption.adoption import without_adopted
from model_serving.databricks.call_clock import print_line
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import CallError, UnavailableError, WorkspaceError
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    endpoint_path,
    is_stopped,
    is_updating,
)
from model_serving.databricks.special_values import UNKNOWN_VALUES
from model_serving.databricks.stopping import start_endpoint, stop_endpoint
from model_serving.databricks.timeouts import TIMEOUT_SETTINGS

_CONFIG: Final = "databricks:"
STOPPED: Final = "stopped"
DEPLOYMENT: Final = "deployment"
"""The input that changes with the endpoint's config: a deployment may start the endpoint, and it is stopped again."""


class StopError(Exception):
    """An endpoint could not be stopped or started. The message is for the user."""


class StopProvider(ResourceProvider):
    """Inputs: `endpointName`, `endpointId`, `stopped` (true), `deployment`, and where it is set `workspace`.

    Deleting it starts the endpoint and waits until it is ready.
    """

    serialize_as_secret_always = False  # an instance holds nothing: it is the same text in every state

    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration of the Databricks provider."""
        config = req.config._props  # noqa: SLF001  its get() needs the keys, and ours may be any
        self._stack = {name.removeprefix(_CONFIG): value for name, value in config.items() if name.startswith(_CONFIG)}

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Print, in a preview too, that an update is in progress: until it ends, the service refuses to stop.

        Only for an endpoint that was not declared stopped before: `up` waits there, and a preview would not say so.
        """
        live = {} if _olds else self._find(news)
        if live and is_updating(live):
            print_line(
                f'Endpoint "{news["endpointName"]}" is being updated, and can be stopped when that has ended: `pulumi'
                f" up` waits for it, {LONGEST_UPDATE_SECONDS // 60} minutes at most"
            )
        return CheckResult(news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Also reads the live endpoint, so that a plain `up` stops what was started by hand or by a deployment.

        An endpoint that can't be read is no difference: the policy pack reports it.
        """
        replaced = _olds.get("endpointId") != _news.get("endpointId")
        redeployed = _olds.get(DEPLOYMENT) != _news.get(DEPLOYMENT)
        # The state keeps the credentials, and a deletion starts the endpoint with those.
        moved = _workspace_settings(_olds) != _workspace_settings(_news)
        changed = replaced or redeployed or moved or _olds.get(STOPPED) is not True or self._runs(_news)
        return DiffResult(changed, ["endpointId"] if replaced else [], delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Stop the endpoint."""
        self._stop(props)
        return CreateResult(props["endpointId"], _outputs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Stop the endpoint, unless it is stopped."""
        self._stop(_news)
        return UpdateResult(_outputs(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Start the endpoint, unless it is running, no longer exists, or another one has its name now."""
        try:
            workspace = self._workspace(_props)
            if self._live(workspace, _props):
                start_endpoint(workspace, _props["endpointName"], print_line)
        except WorkspaceError as error:
            _raise_user_error(_props, "started", error)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read whether the endpoint is stopped."""
        try:
            live = self._live(self._workspace(props), props)
        except WorkspaceError as error:
            _raise_user_error(props, "read", error)
        if live is None:
            return ReadResult("", {})
        outs = _outputs(props) | {STOPPED: is_stopped(live) and not is_updating(live)}
        return ReadResult(id_, outs, outs)

    def _runs(self, props: Mapping[str, Any]) -> bool:
        """Whether the endpoint is known to run."""
        live = self._find(props)
        return live is not None and not is_stopped(live)

    def _find(self, props: Mapping[str, Any]) -> dict[str, Any] | None:
        """The endpoint; None if it is not known yet, is gone, or can't be read."""
        if any(props.get(name) in (None, *UNKNOWN_VALUES) for name in ("endpointId", "endpointName")):
            return None
        try:
            return self._live(self._workspace(props), props)
        except WorkspaceError:
            return None

    def _stop(self, props: Mapping[str, Any]) -> None:
        try:
            workspace = self._workspace(props)
            if self._live(workspace, props) is None:
                raise CallError("it is not in the workspace any more. `pulumi up --refresh` creates it again")
            stop_endpoint(workspace, props["endpointName"], print_line)
        except WorkspaceError as error:
            _raise_user_error(props, "stopped", error)

    def _live(self, workspace: Workspace, props: Mapping[str, Any]) -> dict[str, Any] | None:
        """The endpoint; None if it is gone, or another endpoint has its name now."""
        live = workspace.find(endpoint_path(props["endpointName"]))
        return live if live and live["id"] == props["endpointId"] else None

    def _workspace(self, props: Mapping[str, Any]) -> Workspace:
        return connect(props.get("workspace") or self._stack)


def _raise_user_error(props: Mapping[str, Any], done: str, error: Exception) -> NoReturn:
    """Raise StopError without a traceback: Pulumi would print it, and it does not help the user."""
    sys.tracebacklimit = 0
    retry = ". Run the same command again when it is available" if isinstance(error, UnavailableError) else ""
    raise StopError(f'Serving endpoint "{props["endpointName"]}" could not be {done}: {error}{retry}') from None


def _workspace_settings(props: Mapping[str, Any]) -> dict[str, Any]:
    """The workspace and the credentials of an explicit provider; a changed timeout is no difference."""
    return {name: value for name, value in (props.get("workspace") or {}).items() if name not in TIMEOUT_SETTINGS}


def _outputs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in without_adopted(props).items() if not name.startswith("__")} | {
        STOPPED: True
    }
