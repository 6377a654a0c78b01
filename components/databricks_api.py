"""The workspace's REST API, spoken by databricks-sdk: sign-in, retries and errors are its business."""

import functools
import importlib
import importlib.util
import logging
import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

RETRY_SECONDS: Final = 60
"""How long a throttled or failing call is tried again before that is told."""

ANSWER_SECONDS: Final = 10
"""How long the workspace may take to answer at all."""


class UnreachableError(Exception):
    """Nothing answers at the workspace's address. The text says what was tried."""


class SignInError(Exception):
    """The workspace doesn't know the caller, or credentials are missing or contradict each other."""


class CallError(Exception):
    """A call that the workspace refused, in its own words."""


class DeniedError(CallError):
    """The caller may not make this call."""


_one_at_a_time = threading.Lock()
_known: dict[frozenset[tuple[str, str]], "Workspace"] = {}


def connect(settings: Mapping[str, Any]) -> "Workspace":
    """The workspace of these settings of the Databricks provider (`host`, `token`, `clientId`, ...).

    What they leave out is looked for as every Databricks tool does: in the environment and the configuration profile.
    The same settings give the same object for as long as the process lives. Raises UnreachableError and SignInError.
    """
    key = frozenset((name, str(value)) for name, value in settings.items())
    with _one_at_a_time:
        if key not in _known:
            _known[key] = Workspace(settings)
        return _known[key]


class Workspace:
    """A workspace as one caller sees it; made by `connect`. Its methods may be called from several threads."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        chosen = {snake_case(name): value for name, value in settings.items() if value}
        _require_answer(chosen.get("host") or os.environ.get("DATABRICKS_HOST"))
        core, self._errors = _sdk()
        known = {attribute.name for attribute in core.Config.attributes()}
        try:
            config = core.Config(
                **{name: value for name, value in chosen.items() if name in known},
                http_timeout_seconds=ANSWER_SECONDS,
                retry_timeout_seconds=RETRY_SECONDS,
            )
        except ValueError as error:
            raise SignInError(_plain(error)) from error
        self._client = core.ApiClient(config)

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
        try:
            answer = self._client.do(method, path, body=body)
        except TimeoutError as error:
            raise UnreachableError(f"{self._client._cfg.host} gave no answer: {error}") from error  # noqa: SLF001
        except ValueError as error:  # how the SDK tells that a sign-in was refused
            raise SignInError(_plain(error)) from error
        assert isinstance(answer, dict), "The API answers with a map"
        return answer

    def _told(self, error: Exception) -> Exception:
        text = _plain(error)
        if isinstance(error, self._errors.Unauthenticated):
            return SignInError(text)
        return DeniedError(text) if isinstance(error, self._errors.PermissionDenied) else CallError(text)


def _require_answer(host: str | None) -> None:
    """Fail at once where nobody listens: SDK and provider would both keep trying, the provider for ever."""
    if not host:
        return
    address = host if "://" in host else f"https://{host}"
    probe = urllib.request.Request(f"{address.rstrip('/')}/.well-known/databricks-config")  # noqa: S310  user's own
    try:
        urllib.request.urlopen(probe, timeout=ANSWER_SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError as answer:
        answer.close()
    except (OSError, ValueError) as error:
        raise UnreachableError(f"{address} does not answer: {getattr(error, 'reason', error)}") from error


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


def snake_case(name: str) -> str:
    """`clientId` as the API and its SDK write it: `client_id`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
