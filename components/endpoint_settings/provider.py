"""Writes an endpoint's settings for the engine: create, update, read and delete of `EndpointSettings`.

The engine runs this as a Pulumi dynamic provider: in a process of its own, started in the project's folder. The state
keeps a reference to `SettingsProvider` by module and name: where it moves, states of before can't be read any more.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from model_serving.components.endpoint_settings.telemetry import PROFILE, made_profile, refreshed
from model_serving.components.endpoint_settings.telemetry import SETTING as TELEMETRY
from model_serving.components.endpoint_settings.wire import SETTINGS, seen
from model_serving.databricks.client import CallError, UnavailableError, Workspace, WorkspaceError, connect
from model_serving.databricks.naming import api_form
from model_serving.databricks.waiting import BOUNDS

_CONFIG: Final = "databricks:"
_POLL_SECONDS: Final = 2
_SETTLE_SECONDS: Final = 45 * 60
"""As long as the Databricks provider waits for an update of the endpoint itself."""


class SettingsError(Exception):
    """The workspace did not take an endpoint's settings, or did not tell them. The text is for the user."""


class SettingsProvider(ResourceProvider):
    """Inputs: `endpointName`, `endpointId`, the settings, and `workspace`: an explicit provider's settings.

    Without `workspace` the stack's configuration (`databricks:host`, ...) and the environment say where to write, as
    they do for the default Databricks provider.
    """

    serialize_as_secret_always = False  # there is nothing in an instance: it is the same text in every state

    def configure(self, req: ConfigureRequest) -> None:
        stated = req.config._props  # noqa: SLF001  its get() answers for keys that are known; ours may be any
        self._stack = {name.removeprefix(_CONFIG): value for name, value in stated.items() if name.startswith(_CONFIG)}

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another endpoint id is another endpoint, even under the same name: its settings are all to be written."""
        replaced = _olds.get("endpointId") != _news.get("endpointId")
        moved = _place(_olds) != _place(_news)
        changed = moved or any(_olds.get(name) != _news.get(name) for name in (*SETTINGS, "endpointName"))
        return DiffResult(replaced or changed, ["endpointId"] if replaced else [], delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        written = self._write(props, {name: props[name] for name in SETTINGS if props.get(name)})
        return CreateResult(props["endpointId"], {**_kept(props), **made_profile(written.get(TELEMETRY, {}))})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        changed = {name: _news.get(name) for name in SETTINGS if _olds.get(name) != _news.get(name)}
        written = self._write(_news, changed, before=_olds)
        before = {PROFILE: _olds[PROFILE]} if PROFILE in _olds else {}
        profile = made_profile(written[TELEMETRY]) if TELEMETRY in written else before
        return UpdateResult({**_kept(_news), **profile})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Take away what was declared. Where the endpoint is gone there is nothing to do."""
        if self._live(_props) is not None:
            self._write(_props, {name: None for name in SETTINGS if _props.get(name)})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The declared settings as the workspace has them; those that are not declared are nobody's here."""
        live = self._live(props)
        if live is None:
            return ReadResult("", {})
        found = {
            name: seen(props[name], live.get(setting.member)) for name, setting in SETTINGS.items() if props.get(name)
        }
        if props.get(TELEMETRY):
            found |= refreshed(props, live)
        outs = {**_kept(props), **found}
        return ReadResult(id_, {name: value for name, value in outs.items() if value is not None})

    def _live(self, props: Mapping[str, Any]) -> dict[str, Any] | None:
        """The endpoint that the settings belong to; None where it is gone, or another has its name now."""
        try:
            found = self._workspace(props).find(_path(props))
        except WorkspaceError as error:
            _tell(props, error)
        return found if found and found["id"] == props["endpointId"] else None

    def _write(
        self, props: Mapping[str, Any], wanted: Mapping[str, Any], before: Mapping[str, Any] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Send each setting, and return what the workspace answered, by setting.

        After an error the state keeps what was `before`. So what was sent already is set back to that: if the author
        takes the change back, the next `up` has nothing to send.
        """
        answers: dict[str, dict[str, Any]] = {}
        try:
            workspace = self._workspace(props)
            for name, value in wanted.items():
                answers[name] = _send(workspace, props, name, value)
        except WorkspaceError as error:
            stayed = [] if before is None else [name for name in answers if not self._set_back(props, name, before)]
            _tell(props, CallError(f"{error}. {_changed(stayed)}") if stayed else error)
        return answers

    def _set_back(self, props: Mapping[str, Any], name: str, before: Mapping[str, Any]) -> bool:
        """Whether the setting has its old value again."""
        try:
            _send(self._workspace(props), props, name, before.get(name))
        except WorkspaceError:
            return False
        return True

    def _workspace(self, props: Mapping[str, Any]) -> Workspace:
        return connect(props.get("workspace") or self._stack)


def _tell(props: Mapping[str, Any], error: Exception) -> NoReturn:
    """End the operation with a sentence: Pulumi prints a dynamic provider's traceback, which tells a user nothing."""
    sys.tracebacklimit = 0
    later = ". Run the same command again when it is available" if isinstance(error, UnavailableError) else ""
    raise SettingsError(f'Settings of serving endpoint "{props["endpointName"]}": {error}{later}') from None


def _send(workspace: Workspace, props: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Write one setting; None takes it away."""
    setting = SETTINGS[name]
    if setting.needs_settled:
        _wait_until_settled(workspace, _path(props))
    return workspace.call(setting.method, f"{_path(props)}/{setting.path}", setting.body(api_form(value)))


def _changed(names: Sequence[str]) -> str:
    return f"{', '.join(names)} was changed before that: `pulumi up --refresh` brings it to what is declared"


def _kept(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in props.items() if not name.startswith("__")}


def _place(props: Mapping[str, Any]) -> dict[str, Any]:
    """Where to write and who does; how long that may take is no difference."""
    return {name: value for name, value in (props.get("workspace") or {}).items() if name not in BOUNDS}


def _path(props: Mapping[str, Any]) -> str:
    return f"/api/2.0/serving-endpoints/{props['endpointName']}"


def _wait_until_settled(workspace: Workspace, endpoint: str) -> None:
    deadline = time.monotonic() + _SETTLE_SECONDS
    while workspace.get(endpoint)["state"]["config_update"] == "IN_PROGRESS":
        if time.monotonic() > deadline:
            raise CallError("the endpoint is still updating; run the command again when it is not")
        time.sleep(_POLL_SECONDS)
