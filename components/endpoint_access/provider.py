"""Create, update, read and delete `EndpointAccess`, as a Pulumi dynamic provider.

The engine runs this in another process, started in the project's folder. The state refers to `AccessProvider` by module
and name: if it moves, existing states can no longer be read.
"""

import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from model_serving.components.adoption.adoption import without_adopted
from model_serving.databricks.access_lists import CAN_MANAGE, AccessEntry, access_list_path, direct_entries, without_own
from model_serving.databricks.caller import read_caller
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.databricks.special_values import UNKNOWN_VALUES

_CONFIG: Final = "databricks:"
GRANTED: Final = "accessControls"
"""The output with the entries that the workspace has beside the deployer's, as inputs of `databricks.Permissions`."""


class AccessError(Exception):
    """The workspace refused to read or change an access list. The message is for the user."""


class AccessProvider(ResourceProvider):
    """Inputs: `endpointName`, `endpointId`, `accessControls` (empty); optionally `deployer` and `workspace`.

    Everyone loses access except workspace administrators, the endpoint's creator, `deployer`, and a caller that is
    neither and manages the endpoint: it would lock itself out.
    """

    serialize_as_secret_always = False  # an instance holds nothing: it is the same text in every state

    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration of the Databricks provider."""
        config = req.config._props  # noqa: SLF001  its get() needs the keys, and ours may be any
        self._stack = {name.removeprefix(_CONFIG): value for name, value in config.items() if name.startswith(_CONFIG)}

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Also reads the live list, so that a plain `up` removes what was granted by hand.

        A list that can't be read is no difference: the policy pack reports it.
        """
        replaced = _olds.get("endpointId") != _news.get("endpointId")
        return DiffResult(
            replaced or bool(_olds.get(GRANTED)) or bool(self._granted_by_hand(_news)),
            ["endpointId"] if replaced else [],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Remove every entry but the deployer's."""
        self._remove(props)
        return CreateResult(props["endpointId"], _outputs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Remove every entry but the deployer's."""
        self._remove(_news)
        return UpdateResult(_outputs(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Leave the list as it is: from now on it isn't managed, or `databricks.Permissions` has written it."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the entries that were granted by hand."""
        try:
            entries = _entries(self._workspace(props), props)
        except WorkspaceError as error:
            _raise_user_error(props, error)
        if entries is None:
            return ReadResult("", {})
        live = {**_outputs(props), GRANTED: [entry.input for entry in entries]}
        return ReadResult(id_, live, live)

    def _granted_by_hand(self, props: Mapping[str, Any]) -> list[AccessEntry]:
        if any(props.get(name) in (None, *UNKNOWN_VALUES) for name in ("endpointId", "endpointName")):
            return []
        try:
            return _entries(self._workspace(props), props) or []
        except WorkspaceError:
            return []

    def _remove(self, props: Mapping[str, Any]) -> None:
        """Write the list without the entries that were granted by hand, unless there are none."""
        try:
            workspace, path = self._workspace(props), access_list_path(props["endpointId"])
            if removed := _entries(workspace, props):
                kept = [entry for entry in direct_entries(workspace.get(path)) if entry not in removed]
                body = [{entry.member: entry.name, "permission_level": entry.level} for entry in kept]
                workspace.call("PUT", path, {"access_control_list": body})
        except WorkspaceError as error:
            _raise_user_error(props, error)

    def _workspace(self, props: Mapping[str, Any]) -> Workspace:
        return connect(props.get("workspace") or self._stack)


def _entries(workspace: Workspace, props: Mapping[str, Any]) -> list[AccessEntry] | None:
    """The live entries except those that stay; None if the endpoint is gone."""
    answer = workspace.find(access_list_path(props["endpointId"]))
    if answer is None:
        return None
    entries = without_own(direct_entries(answer), props.get("deployer"))
    if not entries:
        return []
    live = workspace.find(endpoint_path(props["endpointName"]))
    if live is None or live["id"] != props["endpointId"]:
        return None
    entries = without_own(entries, str(live.get("creator")))
    if not any(entry.level == CAN_MANAGE and entry.member != "group_name" for entry in entries):
        return entries
    caller = read_caller(workspace)
    return entries if caller.is_admin else without_own(entries, caller.name)


def _raise_user_error(props: Mapping[str, Any], error: Exception) -> NoReturn:
    """Raise AccessError without a traceback: Pulumi would print it, and it does not help the user."""
    sys.tracebacklimit = 0
    raise AccessError(f'Permissions of serving endpoint "{props["endpointName"]}": {error}') from None


def _outputs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in without_adopted(props).items() if not name.startswith("__")} | {GRANTED: []}
