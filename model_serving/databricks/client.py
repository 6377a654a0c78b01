"""A client of the workspace's REST API. databricks-sdk signs in, retries and reads errors."""

import json
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from model_serving.databricks.call_clock import CallClock, print_line, print_progress
from model_serving.databricks.error_bodies import is_api_error, summary
from model_serving.databricks.errors import (
    CallError,
    DeniedError,
    NotFoundError,
    SignInError,
    UnreachableError,
    WorkspaceError,
    root_cause,
)
from model_serving.databricks.reachability import sign_in_is_unavailable, unavailable
from model_serving.databricks.sdk import resolve_config, sdk
from model_serving.databricks.timeouts import Timeouts, TimeoutSettingError

_SIGN_IN_PAUSE_SECONDS: Final = 1
_ABSENT: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_NOT_A_WORKSPACE: Final = "NOT_A_WORKSPACE"
"""The code for an answer of another server: a workspace says in JSON that a path does not exist."""

_connecting = threading.Lock()
_connected: dict[frozenset[tuple[str, str]], "Workspace"] = {}
_failed: dict[frozenset[tuple[str, str]], tuple[float, Exception]] = {}
"""When the last attempt to connect failed, by settings, and why."""


def connect(settings: Mapping[str, Any], *, is_command: bool = False) -> "Workspace":
    """The workspace of these settings of the Databricks provider (`host`, `token`, `clientId`, ...).

    What they leave out is read from the environment and the configuration profile, as every Databricks tool does.
    The same settings give the same object in a process. With `is_command` it says on standard error what a call waits
    for, not on standard output. Raises UnreachableError and SignInError.
    """
    key = frozenset((name, str(value)) for name, value in (*settings.items(), ("", is_command)))
    began = time.monotonic()
    with _connecting:
        if key not in _connected:
            failed_at, error = _failed.get(key, (0.0, None))
            if error is not None and failed_at >= began:
                raise error  # of the thread that this one waited for
            try:
                _connected[key] = Workspace(settings, is_command=is_command)
            except WorkspaceError as error:
                _failed[key] = time.monotonic(), error
                raise
        return _connected[key]


class Workspace:
    """A workspace as one caller sees it; made by `connect`. Threads may share it."""

    def __init__(self, settings: Mapping[str, Any], *, is_command: bool = False) -> None:
        modules = sdk()
        self._errors = modules.errors
        try:
            self._clock = CallClock(Timeouts.of(settings), show=print_progress if is_command else print_line)
            config = resolve_config(settings, self._clock)
        except TimeoutSettingError as error:
            raise CallError(str(error)) from error
        except ValueError as error:
            raise SignInError(sdk_message(error)) from error
        self._clock.host = str(config.host)
        self._client = modules.core.ApiClient(config)
        session = self._client._api_client._session  # noqa: SLF001  see _record, and _with_environment
        session.hooks["response"].append(self._record)
        _with_environment(session, self._clock.host)

    @property
    def host(self) -> str:
        """The workspace's address, with its scheme."""
        return self._clock.host.rstrip("/")

    def get(self, path: str) -> dict[str, Any]:
        """The answer to a read. Raises CallError; NotFoundError if there is no such thing."""
        return self.call("GET", path)

    def find(self, path: str) -> dict[str, Any] | None:
        """The answer to a read, or None if there is no such thing. Raises CallError."""
        try:
            return self.get(path)
        except NotFoundError:
            return None

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a call. Raises CallError with the workspace's message."""
        answer = self._answer(method, path, body=body)
        if not isinstance(answer, dict):
            raise self._not_a_workspace()
        return answer

    def text(self, path: str) -> str:
        """The answer to a read in plain text, as metrics are. Raises CallError; NotFoundError if there is none."""
        answer = self._answer("GET", path, headers={"Accept": "text/plain"}, raw=True)
        try:
            with answer["contents"] as body:
                return str(body.read().decode("utf-8", "replace"))
        except OSError as error:  # of the connection, in the middle of the answer
            raise UnreachableError(f"{self._clock.host} broke off its answer: {root_cause(error)}") from error

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        self._clock.begin(f"{method} {path.partition('?')[0]}")
        refusals = 0
        while True:
            try:
                return self._client.do(method, path, **options)
            except self._errors.DatabricksError as error:
                raise self._user_error(error) from error
            except TimeoutError as error:
                raise self._timed_out(error) from error
            except json.JSONDecodeError as error:
                raise self._not_a_workspace() from error
            except ValueError as error:  # how the SDK reports a refused sign-in
                refusals += not self._waited_for_sign_in(error)
                if refusals > 1:  # the first may come from a service that has recovered since
                    raise SignInError(sdk_message(error)) from error

    def _waited_for_sign_in(self, error: ValueError) -> bool:
        """Pause if the service that issues tokens is unavailable, at most for as long as any call is retried."""
        if not sign_in_is_unavailable(self._clock):
            return False
        if self._clock.waited >= self._clock.timeouts.retry:
            raise unavailable(self._clock) from error
        self._clock.sleep(_SIGN_IN_PAUSE_SECONDS)
        return True

    def _record(self, response: Any, **_: Any) -> None:
        """Read each error before the SDK does, which reports one that isn't JSON as its own bug, body and all."""
        if response.ok:
            return
        answer = summary(response.status_code, response.reason, response.content)
        self._clock.record_answer(answer)
        if not is_api_error(response.content):
            code = _NOT_A_WORKSPACE if response.status_code in _ABSENT else ""
            response._content = json.dumps({"message": answer, "error_code": code}).encode()  # noqa: SLF001  requests has no setter

    def _not_a_workspace(self) -> CallError:
        what = f"The answer of {self._clock.host} is not that of a Databricks workspace"
        return CallError(f"{what}. Check databricks:host in the stack file")

    def _timed_out(self, error: TimeoutError) -> UnreachableError:
        """The SDK raises the last try's error as the cause of its own."""
        if isinstance(error.__cause__, self._errors.DatabricksError):
            return unavailable(self._clock)
        return UnreachableError(f"{self._clock.host} gave no answer to {self._clock.tried}: {root_cause(error)}")

    def _user_error(self, error: Any) -> WorkspaceError:
        text, code = sdk_message(error), str(error.error_code or "")
        if code == _NOT_A_WORKSPACE:
            return self._not_a_workspace()
        if isinstance(error, self._errors.Unauthenticated):
            return SignInError(text)
        if isinstance(error, self._errors.PermissionDenied):
            return DeniedError(text, code)
        return (NotFoundError if isinstance(error, self._errors.NotFound) else CallError)(text, code)


def _with_environment(session: Any, host: str) -> None:
    """Read proxies and certificates from the environment once: requests does for each call, which is a fifth of it.

    Connections over plain HTTP are kept as many as those over HTTPS: requests keeps ten.
    """
    found = session.merge_environment_settings(host, {}, None, None, None)
    session.proxies, session.verify, session.cert = found["proxies"], found["verify"], found["cert"]
    session.trust_env = False
    session.mount("http://", session.get_adapter("https://"))


def sdk_message(error: Exception) -> str:
    """The error's text without the SDK's listing of its configuration."""
    return " ".join(str(error).partition(" Config: ")[0].split())
