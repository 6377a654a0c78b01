"""The workspace's REST API, spoken by databricks-sdk: sign-in, retries and errors are its business."""

import functools
import importlib
import importlib.util
import json
import logging
import sys
import threading
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from model_serving.databricks.error_bodies import in_short, is_error_of_the_api
from model_serving.databricks.naming import snake_case
from model_serving.databricks.reachability import (
    UnavailableError,
    UnreachableError,
    WorkspaceError,
    require_answer,
    sign_in_is_unavailable,
    unavailable,
)
from model_serving.databricks.waiting import Bounds, BoundsError, Waiting

__all__ = [
    "CallError",
    "DeniedError",
    "SignInError",
    "UnavailableError",
    "UnreachableError",
    "Workspace",
    "WorkspaceError",
    "connect",
]


_SIGN_IN_PAUSE_SECONDS: Final = 1


class SignInError(WorkspaceError):
    """The workspace doesn't know the caller, or credentials are missing or contradict each other."""


class CallError(WorkspaceError):
    """A call that the workspace refused, in its own words."""


class DeniedError(CallError):
    """The caller may not make this call."""


_one_at_a_time = threading.Lock()
_known: dict[frozenset[tuple[str, str]], "Workspace"] = {}
_failed: dict[frozenset[tuple[str, str]], tuple[float, Exception]] = {}
"""When the last attempt to connect failed, by settings, and why."""


def connect(settings: Mapping[str, Any]) -> "Workspace":
    """The workspace of these settings of the Databricks provider (`host`, `token`, `clientId`, ...).

    What they leave out is looked for as every Databricks tool does: in the environment and the configuration profile.
    The same settings give the same object for as long as the process lives. Raises UnreachableError and SignInError.
    """
    key = frozenset((name, str(value)) for name, value in settings.items())
    began = time.monotonic()
    with _one_at_a_time:
        if key not in _known:
            failed_at, error = _failed.get(key, (0.0, None))
            if error is not None and failed_at >= began:
                raise error  # of the thread that this one waited for: what that waited for isn't waited for again
            try:
                _known[key] = Workspace(settings)
            except WorkspaceError as error:
                _failed[key] = time.monotonic(), error
                raise
        return _known[key]


class Workspace:
    """A workspace as one caller sees it; made by `connect`. Its methods may be called from several threads."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        core, self._errors = _sdk()
        try:
            self._bounds = Bounds.of(settings)
            self._waiting = Waiting(self._bounds)
            config = _config(core, settings, self._bounds, self._waiting)
        except BoundsError as error:
            raise CallError(str(error)) from error
        except ValueError as error:
            raise SignInError(_plain(error)) from error
        self._waiting.host = self._host = str(config.host)
        self._client = core.ApiClient(config)
        self._client._api_client._session.hooks["response"].append(self._note)  # noqa: SLF001  see _note

    def get(self, path: str) -> dict[str, Any]:
        """What the workspace answers. Raises CallError, where the thing doesn't exist too."""
        return self.call("GET", path)

    def find(self, path: str) -> dict[str, Any] | None:
        """What the workspace answers, or None where the thing doesn't exist."""
        try:
            return self._do("GET", path)
        except self._errors.NotFound:
            return None
        except self._errors.DatabricksError as error:
            raise self._told(error) from error

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make a call. Raises CallError with the workspace's words."""
        try:
            return self._do(method, path, body)
        except self._errors.DatabricksError as error:
            raise self._told(error) from error

    def _do(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        self._waiting.begin(f"{method} {path.partition('?')[0]}")
        refusals = 0
        while True:
            try:
                answer = self._client.do(method, path, body=body)
            except TimeoutError as error:
                raise self._gave_up(error) from error
            except ValueError as error:  # how the SDK reports that a sign-in was refused
                refusals += not self._waited_for_sign_in(error)
                if refusals > 1:  # the first may come from a service that has recovered since
                    raise SignInError(_plain(error)) from error
            else:
                assert isinstance(answer, dict), "The API answers with a map"
                return answer

    def _waited_for_sign_in(self, error: ValueError) -> bool:
        """Pause where the service that issues tokens is unavailable, at most for as long as any call is tried."""
        if not sign_in_is_unavailable(self._host, self._bounds, self._waiting):
            return False
        if self._waiting.waited >= self._bounds.retry:
            raise unavailable(self._host, self._waiting) from error
        self._waiting.sleep(_SIGN_IN_PAUSE_SECONDS)
        return True

    def _note(self, response: Any, **_: Any) -> None:
        """See each answer before the SDK does, which takes one that isn't JSON for a bug of its own, body and all."""
        if response.ok:
            return
        answer = in_short(response.status_code, response.reason, response.content)
        self._waiting.meet(answer)
        if not is_error_of_the_api(response.content):
            response._content = json.dumps({"message": answer}).encode()  # noqa: SLF001  requests has no setter

    def _gave_up(self, error: TimeoutError) -> UnreachableError:
        """The SDK raises the last try's error as the cause of its own."""
        if isinstance(error.__cause__, self._errors.DatabricksError):
            return unavailable(self._host, self._waiting)
        tried = f"{self._waiting.request}, tried for {self._waiting.waited} s"
        return UnreachableError(f"{self._host} gave no answer to {tried}: {_root(error)}")

    def _told(self, error: Exception) -> Exception:
        text = _plain(error)
        if isinstance(error, self._errors.Unauthenticated):
            return SignInError(text)
        return DeniedError(text) if isinstance(error, self._errors.PermissionDenied) else CallError(text)


def _config(core: ModuleType, settings: Mapping[str, Any], bounds: Bounds, clock: Waiting) -> Any:
    """The SDK's settings, resolved: from these, the environment and the configuration profile."""
    kinds = {attribute.name: attribute.transform for attribute in core.Config.attributes()}
    chosen = {snake_case(name): value for name, value in settings.items() if value}
    stated = {name: _typed(kinds[name], value) for name, value in chosen.items() if name in kinds}

    class Config(core.Config):  # type: ignore[misc, name-defined]
        def _resolve_host_metadata(self) -> None:
            """The SDK's first request, to the host that it found: without the probe it may wait for minutes."""
            if self.host:
                require_answer(self.host, bounds)
            super()._resolve_host_metadata()

    limits = {"http_timeout_seconds": bounds.answer, "retry_timeout_seconds": bounds.retry}
    return Config(clock=clock, **{**stated, **limits})


def _typed(kind: Any, value: Any) -> Any:
    """A setting as the SDK takes it. The engine's configuration is text, and "false" is true to Python."""
    return str(value).lower() in ("true", "1") if kind is bool else value


def _root(error: BaseException) -> BaseException:
    """What a row of errors began with: `[Errno 104] Connection reset by peer` and not the libraries' words for it."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return error


@functools.cache  # called under the lock only: the stand-in would be another thread's
def _sdk() -> tuple[ModuleType, ModuleType]:
    """`databricks.sdk.core` and `.errors` without the classes of all services, which take far longer to import.

    While they are imported an empty package stands in for `databricks.sdk`; who imports that one later gets it whole.
    """
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    stands_in = "databricks.sdk" not in sys.modules
    if stands_in:
        spec = importlib.util.find_spec("databricks.sdk")
        assert spec is not None, "databricks-sdk is in requirements.txt"
        sys.modules["databricks.sdk"] = importlib.util.module_from_spec(spec)
    try:
        return importlib.import_module("databricks.sdk.core"), importlib.import_module("databricks.sdk.errors")
    finally:
        if stands_in:
            del sys.modules["databricks.sdk"]


def _plain(error: Exception) -> str:
    """The error without the SDK's listing of its configuration."""
    return " ".join(str(error).partition(" Config: ")[0].split())
