"""Write, overwrite, check and delete the keys of a `SecretDelivery`, as a Pulumi dynamic provider.

The engine runs this in another process, started in the project's folder. The state refers to `DeliveryProvider` by
module and name: if it moves, existing states can no longer be read.
"""

import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import DeniedError, NotFoundError, WorkspaceError
from model_serving.databricks.secret_scopes import keys_path
from model_serving.databricks.special_values import CHANGED_OUTSIDE

_CONFIG: Final = "databricks:"
_VALUES: Final = {"idKeyName": "applicationId", "secretKeyName": "clientSecret"}
"""The value of each key. The secret comes last: its id is recorded when everything else is there."""

_COMPARED: Final = (*_VALUES, "applicationId", "secretId")
"""Not `clientSecret` itself: whoever reviews a change may not be able to decrypt it."""


class DeliveryError(Exception):
    """The workspace refused a delivery, or could not be read. The message is for the user, without any value."""


class DeliveryProvider(ResourceProvider):
    """Inputs: see SecretDelivery. Without `workspace`, the stack's configuration and the environment name it."""

    serialize_as_secret_always = False  # an instance holds nothing: it is the same text in every state

    def configure(self, req: ConfigureRequest) -> None:
        """Read the stack's configuration of the Databricks provider."""
        config = req.config._props  # noqa: SLF001  its get() needs the keys, and ours may be any
        self._stack = {name.removeprefix(_CONFIG): value for name, value in config.items() if name.startswith(_CONFIG)}

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """In another scope or workspace the keys are written before the old ones are deleted."""
        moved = _olds.get("scope") != _news.get("scope") or _workspace(_olds) != _workspace(_news)
        changed = any(_olds.get(name) != _news.get(name) for name in _COMPARED)
        return DiffResult(moved or changed, ["scope"] if moved else [], delete_before_replace=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write both keys."""
        outs = self._write(props)
        return CreateResult(f"{props['scope']}/{props['secretKeyName']}", outs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Overwrite both keys, then delete those that have another name now."""
        outs = self._write(_news)
        self._delete(_olds, {str(_olds[name]) for name in _VALUES} - {str(_news[name]) for name in _VALUES})
        return UpdateResult(outs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete both keys, unless they no longer exist."""
        self._delete(_props, {str(_props[name]) for name in _VALUES})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Check that both keys exist, as they were written. No value is read.

        An identity that may not read the scope sees no difference.
        """
        try:
            written = self._written(props)
        except NotFoundError:
            return ReadResult("", {})
        except DeniedError:
            return ReadResult(id_, props)
        except WorkspaceError as error:
            _raise_user_error(props, error)
        if len(written) < len(_VALUES):
            return ReadResult("", {})
        changed = {} if written == props.get("written", written) else {"secretId": CHANGED_OUTSIDE}
        return ReadResult(id_, {**props, **changed})

    def _write(self, props: Mapping[str, Any]) -> dict[str, Any]:
        """Write the values, and return the outputs: the inputs without the secret, and when the keys were written."""
        try:
            for key, value in _VALUES.items():
                body = {"scope": props["scope"], "key": props[key], "string_value": props[value]}
                self._workspace(props).call("POST", "/api/2.0/secrets/put", body)
        except WorkspaceError as error:
            _raise_user_error(props, error)
        outs = {name: value for name, value in props.items() if not name.startswith("__") and name != "clientSecret"}
        with suppress(WorkspaceError):  # the keys are written; without these times a refresh checks less
            outs["written"] = self._written(props)
        return outs

    def _written(self, props: Mapping[str, Any]) -> dict[str, str]:
        """When each of the two keys was last written, in milliseconds since 1970. Raises WorkspaceError."""
        listed = self._workspace(props).get(keys_path(str(props["scope"])))
        times = {each["key"]: str(each.get("last_updated_timestamp")) for each in listed.get("secrets") or []}
        return {name: times[props[name]] for name in _VALUES if props[name] in times}

    def _delete(self, props: Mapping[str, Any], keys: set[str]) -> None:
        for key in sorted(keys):
            try:
                self._workspace(props).call("POST", "/api/2.0/secrets/delete", {"scope": props["scope"], "key": key})
            except NotFoundError:
                continue
            except WorkspaceError as error:
                _raise_user_error(props, error)

    def _workspace(self, props: Mapping[str, Any]) -> Workspace:
        return connect(props.get("workspace") or self._stack)


def _raise_user_error(props: Mapping[str, Any], error: Exception) -> NoReturn:
    """Raise DeliveryError without a traceback: Pulumi would print it, and it does not help the user."""
    sys.tracebacklimit = 0
    denied = ". It needs WRITE on the scope" if isinstance(error, DeniedError) else ""
    missing = ". Create the scope, or declare it under secret_scopes" if isinstance(error, NotFoundError) else ""
    raise DeliveryError(f'Delivery to secret scope "{props["scope"]}": {error}{denied}{missing}') from None


def _workspace(props: Mapping[str, Any]) -> dict[str, Any]:
    """The workspace; another identity that writes, or a changed timeout, is no difference."""
    return {name: value for name, value in (props.get("workspace") or {}).items() if name == "host"}
