"""The parts of databricks-sdk that make calls, and its configuration for a workspace.

`import databricks.sdk` imports the classes of all services, which takes over a second. `sdk()` takes a quarter of one.
"""

import contextlib
import importlib
import importlib.util
import logging
import sys
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final, NamedTuple

from model_serving.databricks.call_clock import CallClock
from model_serving.databricks.connection_problems import credentials_error
from model_serving.databricks.naming import snake_case
from model_serving.databricks.reachability import require_answer

_MAX_CONNECTIONS: Final = 32


class Sdk(NamedTuple):
    """`databricks.sdk.core` and `databricks.sdk.errors`."""

    core: ModuleType
    errors: ModuleType


_importing = threading.Lock()
_imported: list[Sdk] = []


def sdk() -> Sdk:
    """The SDK's modules, imported once.

    While they are imported, an empty package stands in for `databricks.sdk`; a later import of it gets the whole one.
    """
    with _importing:
        if not _imported:
            logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
            _imported.append(_import())
        return _imported[0]


def import_in_background() -> None:
    """Begin to import the SDK's modules in a thread, for a process that will need them soon."""
    threading.Thread(target=sdk, daemon=True).start()


def _import() -> Sdk:
    stands_in = "databricks.sdk" not in sys.modules
    if stands_in:
        spec = importlib.util.find_spec("databricks.sdk")
        assert spec is not None, "databricks-sdk is in requirements.txt"
        sys.modules["databricks.sdk"] = importlib.util.module_from_spec(spec)
    try:
        return Sdk(importlib.import_module("databricks.sdk.core"), importlib.import_module("databricks.sdk.errors"))
    finally:
        if stands_in:
            del sys.modules["databricks.sdk"]


def resolve_config(settings: Mapping[str, Any], clock: CallClock) -> Any:
    """The SDK's configuration, signed in: from provider settings, the environment and the configuration profile.

    Raises CredentialsError for credentials that are missing or contradict each other, UnreachableError, and ValueError
    for any other refusal of the SDK.
    """
    config_class = _config_class(ends_after_probe=False)
    try:
        config = config_class(clock=clock, **_config_arguments(settings, clock))
    except ValueError as error:
        raise credentials_error(str(error), settings, config_class.attributes()) or error from error
    if config.token and not config.token.isprintable():  # the error of the HTTP library would show it
        raise ValueError("The token has a line break or another control character. Remove it")
    return config


def probe(settings: Mapping[str, Any], clock: CallClock) -> None:
    """Return when the workspace of these settings answers, or if they name none. Raises UnreachableError."""
    with contextlib.suppress(_ProbedError, ValueError):  # the provider explains what is wrong with its settings
        _config_class(ends_after_probe=True)(clock=clock, **_config_arguments(settings, clock))


class _ProbedError(Exception):
    """Ends the SDK's configuration after the probe."""


def _config_class(*, ends_after_probe: bool) -> Any:
    class Config(sdk().core.Config):  # type: ignore[misc]
        def _resolve_host_metadata(self) -> None:
            """The SDK's first request to the host. If the host is unreachable, the SDK waits for minutes."""
            if self.host:
                require_answer(self.host, self._clock.timeouts)
            if ends_after_probe:
                raise _ProbedError
            super()._resolve_host_metadata()

    return Config


def _config_arguments(settings: Mapping[str, Any], clock: CallClock) -> dict[str, Any]:
    kinds = {attribute.name: attribute.transform for attribute in sdk().core.Config.attributes()}
    given = {snake_case(name): value for name, value in settings.items() if value}
    known = {name: _typed(kinds[name], value) for name, value in given.items() if name in kinds}
    limits = {"http_timeout_seconds": clock.timeouts.answer, "retry_timeout_seconds": clock.timeouts.retry}
    pools = dict.fromkeys(("max_connection_pools", "max_connections_per_pool"), _MAX_CONNECTIONS)
    return {**known, **limits, **pools}


def _typed(kind: Any, value: Any) -> Any:
    """A setting as the SDK takes it. Pulumi's configuration has strings only, and "false" is true to Python."""
    return str(value).lower() in ("true", "1") if kind is bool else value
