"""Create, update, read and delete `EndpointSettings`, as a Pulumi dynamic provider.

The engine runs this in another process, started in the project's folder. The state refers to `SettingsProvider` by
module and name: if it moves, existing states can no longer be read.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from model_serving.components.adoption.adoption import ADOPTED, without_adopted
from model_serving.components.endpoint_settings.telemetry import PROFILE, created_profile, refreshed
from model_serving.components.endpoint_settings.telemetry import SETTING as TELEMETRY
from model_serving.components.endpoint_settings.wire import SETTINGS, seen
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import CallError, UnavailableError, WorkspaceError
from model_serving.databricks.naming import api_form
from model_serving.databricks.serving_endpoints import endpoint_path, wait_for_update
from model_serving.databricks.timeouts import TIMEOUT_SETTINGS

_CONFIG: Final = "databricks:"


class SettingsError(Exception):
    """The workspace refused an endpoint's settings, or could not be read. The message is for the user."""


class SettingsProvider(ResourceProvider):
    """Inputs: `endpointName`, `endpointId`, the settings, and `workspace`: an explicit provider's settings.

    Without `workspace`, the stack's configuration (`databricks:host`, ...) and the environment name the workspace and
    the credentials, as for the default Databricks provider.
    """

    serialize_as_secret_always = False  # an instance holds nothing: it is the same text in every state

    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration of the Databricks provider."""
        config = req.config._props  # noqa: SLF001  its get() needs the keys, and ours may be any
        self._stack = {name.removeprefix(_CONFIG): value for name, value in config.items() if name.startswith(_CONFIG)}

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """A changed endpoint id is another endpoint, even of the same name: all its settings must be written."""
        replaced = _olds.get("endpointId") != _news.get("endpointId")
        moved = _workspace_settings(_olds) != _workspace_settings(_news)
        changed = moved or any(_olds.get(name) != _news.get(name) for name in (*SETTINGS, "endpointName"))
        return DiffResult(replaced or changed, ["endpointId"] if replaced else [], delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write the declared settings; of an adopted endpoint, those that are not live already."""
        declared = {name: props[name] for name in SETTINGS if props.get(name)}
        live = (self._live(props) or {}) if ADOPTED in props else {}
        is_live = {name: seen(value, live.get(SETTINGS[name].member)) == value for name, value in declared.items()}
        answers = self._write(props, {name: value for name, value in declared.items() if not live or not is_live[name]})
        profile = created_profile(answers.get(TELEMETRY) or (live if props.get(TELEMETRY) else {}))
        return CreateResult(props["endpointId"], {**_outputs(props), **profile})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Write the changed settings, and remove those that are no longer declared."""
        changed = {name: _news.get(name) for name in SETTINGS if _olds.get(name) != _news.get(name)}
        answers = self._write(_news, changed, before=_olds)
        before = {PROFILE: _olds[PROFILE]} if PROFILE in _olds else {}
        profile = created_profile(answers[TELEMETRY]) if TELEMETRY in answers else before
        return UpdateResult({**_outputs(_news), **profile})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the declared settings, unless the endpoint no longer exists."""
        if self._live(_props) is not None:
            self._write(_props, {name: None for name in SETTINGS if _props.get(name)})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the declared settings. Others are not managed."""
        live = self._live(props)
        if live is None:
            return ReadResult("", {})
        outs = _outputs(props) | {
            name: seen(props[name], live.get(setting.member)) for name, setting in SETTINGS.items() if props.get(name)
        }
        if props.get(TELEMETRY):
            outs |= refreshed(props, live)
        return ReadResult(id_, {name: value for name, value in outs.items() if value is not None})

    def _live(self, props: Mapping[str, Any]) -> dict[str, Any] | None:
        """The endpoint that the settings belong to; None if it is gone, or another endpoint has its name now."""
        try:
            live = self._workspace(props).find(endpoint_path(props["endpointName"]))
        except WorkspaceError as error:
            _raise_user_error(props, error)
        return live if live and live["id"] == props["endpointId"] else None

    def _write(
        self, props: Mapping[str, Any], settings: Mapping[str, Any], before: Mapping[str, Any] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Write each setting, and return the workspace's answers by setting.

        After an error the state keeps the values of `before`. The settings that were already written are therefore
        restored: if the user reverts the change, the next `up` has nothing to send.
        """
        answers: dict[str, dict[str, Any]] = {}
        try:
            workspace = self._workspace(props)
            for name, value in settings.items():
                answers[name] = _send(workspace, props, name, value)
        except WorkspaceError as error:
            changed = [] if before is None else [name for name in answers if not self._restore(props, name, before)]
            _raise_user_error(props, CallError(f"{error}. {_change_warning(changed)}") if changed else error)
        return answers

    def _restore(self, props: Mapping[str, Any], name: str, before: Mapping[str, Any]) -> bool:
        """Write the setting's old value, and return whether that succeeded."""
        try:
            _send(self._workspace(props), props, name, before.get(name))
        except WorkspaceError:
            return False
        return True

    def _workspace(self, props: Mapping[str, Any]) -> Workspace:
        return connect(props.get("workspace") or self._stack)


def _raise_user_error(props: Mapping[str, Any], error: Exception) -> NoReturn:
    """Raise SettingsError without a traceback: Pulumi would print it, and it does not help the user."""
    sys.tracebacklimit = 0
    retry = ". Run the same command again when it is available" if isinstance(error, UnavailableError) else ""
    raise SettingsError(f'Settings of serving endpoint "{props["endpointName"]}": {error}{retry}') from None


def _send(workspace: Workspace, props: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Write one setting; None removes it."""
    setting, path = SETTINGS[name], endpoint_path(props["endpointName"])
    if setting.needs_settled:
        wait_for_update(workspace.get(path), lambda: workspace.get(path))
    return workspace.call(setting.method, f"{path}/{setting.path}", setting.body(api_form(value)))


def _change_warning(names: Sequence[str]) -> str:
    return f"{', '.join(names)} was changed before that: `pulumi up --refresh` brings it to what is declared"


def _outputs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in without_adopted(props).items() if not name.startswith("__")}


def _workspace_settings(props: Mapping[str, Any]) -> dict[str, Any]:
    """The workspace and the credentials; a changed timeout is no difference."""
    return {name: value for name, value in (props.get("workspace") or {}).items() if name not in TIMEOUT_SETTINGS}
