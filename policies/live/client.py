"""Reading a workspace through databricks-sdk, with the credentials of a resource's own provider."""

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from model_serving.databricks.naming import snake_case
from model_serving.policies.live.endpoints import TOGETHER, UnreadableError

if TYPE_CHECKING:
    from databricks.sdk.core import ApiClient

RETRY_SECONDS: Final = 20
"""How long a throttled or failing read is tried again before it counts as unreadable."""

_ABSENT: Final = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")
_FAILURES: Final = (OSError, ValueError, TimeoutError, RuntimeError)
"""What the SDK raises: its own errors and those of `requests` are OSErrors."""


@dataclass(frozen=True)
class Credentials:
    """What a provider's inputs say about the workspace and about who asks.

    What they leave out is looked for as Databricks' tools do, in the environment and the configuration profile.
    """

    given: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, provider: Mapping[str, Any]) -> "Credentials":
        return cls(tuple(sorted((snake_case(key), value) for key, value in provider.items() if isinstance(value, str))))

    def texts(self) -> dict[str, Any]:
        """Those that databricks-sdk knows and takes as text."""
        from databricks.sdk.core import Config  # noqa: PLC0415  see warm_up

        texts = {attribute.name for attribute in Config.attributes() if attribute.transform is str}
        return {name: value for name, value in self.given if name in texts}


class WorkspaceClient:
    """One workspace. Waits no longer than `seconds` for anything, a host that doesn't answer included."""

    def __init__(self, credentials: Credentials, seconds: int) -> None:
        self._seconds = seconds
        self._api = _within(seconds, lambda: _connect(credentials, seconds))

    def get(self, path: str) -> dict[str, Any] | None:
        """The answer, or None where the workspace says that there is no such thing. Raises UnreadableError."""
        from databricks.sdk.errors import NotFound  # noqa: PLC0415  see warm_up

        try:
            found = self._api.do("GET", path)
        except NotFound as error:
            if error.error_code in _ABSENT:
                return None
            raise UnreadableError(_one_line(error)) from error
        except _FAILURES as error:
            raise UnreadableError(_one_line(error), lasting=isinstance(error, TimeoutError)) from error
        if not isinstance(found, dict):
            raise UnreadableError("the answer is not that of a Databricks workspace")
        return found


def warm_up() -> None:
    """Import the SDK, which takes longer than starting the pack, while the program is still being started."""
    threading.Thread(target=__import__, args=("databricks.sdk.core",), daemon=True).start()


def _connect(credentials: Credentials, seconds: int) -> "ApiClient":
    from databricks.sdk.core import ApiClient, Config  # noqa: PLC0415  see warm_up

    return ApiClient(
        Config(
            retry_timeout_seconds=seconds,
            http_timeout_seconds=seconds,
            max_connection_pools=TOGETHER,
            max_connections_per_pool=TOGETHER,
            **credentials.texts(),
        )
    )


def _within(seconds: int, connect: Any) -> "ApiClient":
    """Signing in has retries of its own (five minutes for some), so it gets a thread that may be left behind."""
    done: Future[ApiClient] = Future()

    def run() -> None:
        try:
            done.set_result(connect())
        except _FAILURES as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return done.result(timeout=seconds)
    except TimeoutError as error:
        raise UnreadableError(f"no answer within {seconds} seconds", lasting=True) from error
    except _FAILURES as error:
        raise UnreadableError(_one_line(error)) from error


def _one_line(error: BaseException) -> str:
    """The error and, for one that ended a row of tries, what each of them met."""
    texts = [str(each) for each in (error, error.__cause__) if each is not None]
    return ": ".join(" ".join(text.split()) for text in texts if text) or type(error).__name__
