"""Live endpoints: one listing, then concurrent reads of single endpoints, each once per run.

The engine asks about one resource at a time and waits for the answer. The first question starts the listing. A question
that has to wait starts reads of other listed endpoints, twice as many each time, because the engine usually asks about
a stack's endpoints one after another. The number of reads is bounded by the number of questions.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path

TOGETHER: Final = 32
"""Concurrent reads."""

AHEAD: Final = 32
"""The number of reads per question, at most."""

MAX_UNLISTED_PROBES: Final = 8
"""How many endpoints that are not listed a preview looks up by name before it trusts the listing."""


class UnreadableError(WorkspaceError):
    """Something could not be read from the workspace. The text says why.

    `lasting`: retries ended with a timeout, so another read would fail too.
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class Client(Protocol):
    """Reads of one workspace: None for what doesn't exist. Raises UnreadableError."""

    def get(self, path: str) -> dict[str, Any] | None: ...


@dataclass(frozen=True)
class LiveEndpoint:
    """A live endpoint. `traffic` has its percentages by served entity, `answer` the API's whole answer."""

    name: str
    endpoint_id: str
    route_optimized: bool
    traffic: dict[str, int] = field(default_factory=dict)
    creator: str = ""
    creator_kind: str = ""
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """The endpoints that the workspace lists: their creators by name."""

    creators: dict[str, str]

    def listed_name(self, name: str) -> str | None:
        """The name as it is listed, ignoring case; None if it is not listed."""
        if name in self.creators:
            return name
        return next((listed for listed in self.creators if listed.casefold() == name.casefold()), None)


_Read: TypeAlias = "Future[LiveEndpoint | None]"
_Answer: TypeAlias = "Future[dict[str, Any] | None]"


class Endpoints:
    """The endpoints of one workspace, read with one set of credentials.

    A listing contains what the caller may view, and may be out of date. So a name that is not listed is looked up
    before it counts as free: always during `up`, when a replacement would follow; in a preview, which changes nothing,
    only for the first few names, so that the preview of a first deployment is quick.

    `waits` counts the questions about listed endpoints whose read had not started.
    """

    def __init__(self, connect: Callable[[], Client], *, is_preview: bool) -> None:
        self._pool = ThreadPoolExecutor(max_workers=TOGETHER, thread_name_prefix="live")
        self._connect = connect
        self._is_preview = is_preview
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._down: UnreadableError | None = None
        self._listing: Listing | None = None
        self._reads: dict[str, _Read] = {}
        self._answers: dict[str, _Answer] = {}
        self._asked = 0
        self.waits = 0
        self._not_listed = 0

    def read(self, name: str) -> LiveEndpoint | None:
        """The endpoint of that name, or None. Raises UnreadableError."""
        with self._lock:
            self._asked += 1
            client, listing = self._open()
            listed = listing.listed_name(name) if listing else None
            if listing and listed is None and self._is_free(name):
                return None
            wanted = listed or name
            found = self._reads.get(wanted)
            if found is None:
                found = self._reads[wanted] = self._pool.submit(read_one, client, wanted)
                if listing and listed:
                    self._read_ahead(client, listing, listed)
        return found.result()

    def find(self, path: str) -> dict[str, Any] | None:
        """The answer to any other read, made once per run; None if there is no such thing. Raises UnreadableError."""
        return self._start(path).result()

    def start(self, paths: Iterable[str]) -> None:
        """Start these reads together, for `find`. Raises UnreadableError if the workspace can't be connected to."""
        for path in paths:
            self._start(path)

    def _start(self, path: str) -> _Answer:
        with self._lock:
            client, _ = self._open()
            if path not in self._answers:
                self._answers[path] = self._pool.submit(client.get, path)
            return self._answers[path]

    def listed(self) -> frozenset[str]:
        """The names that the workspace lists, without regard to case. Raises UnreadableError."""
        with self._lock:
            _, listing = self._open()
        if listing is None:
            raise UnreadableError("the workspace doesn't list its endpoints")
        return frozenset(name.casefold() for name in listing.creators)

    def _open(self) -> tuple[Client, Listing | None]:
        if self._down:
            raise self._down
        try:
            if self._client is None:
                self._client = self._connect()
                self._listing = _list(self._client)
        except UnreadableError as error:
            if self._client is None or error.lasting:
                self._down = error
                raise
            # Only the listing is refused: each endpoint is read by name.
        return self._client, self._listing

    def _is_free(self, name: str) -> bool:
        """Whether the listing is trusted that no endpoint has this name."""
        if name not in self._reads:
            self._not_listed += 1
        return self._is_preview and self._not_listed > MAX_UNLISTED_PROBES and name not in self._reads

    def _read_ahead(self, client: Client, listing: Listing, asked: str) -> None:
        """Start reads of other endpoints of the same creator, which probably belong to this stack."""
        self.waits += 1
        room = min(2**self.waits, AHEAD * self._asked) - len(self._reads)
        mine = listing.creators[asked]
        others = [name for name, creator in listing.creators.items() if creator == mine and name not in self._reads]
        for name in others[: max(0, room)]:
            self._reads[name] = self._pool.submit(read_one, client, name)


def read_one(client: Client, name: str) -> LiveEndpoint | None:
    """The endpoint of that name, or None."""
    found = client.get(endpoint_path(name))
    if found is None:
        return None
    if found.get("name", name) != name:
        raise UnreadableError(f'the answer is about another endpoint, "{found.get("name")}"')
    routes = ((found.get("config") or {}).get("traffic_config") or {}).get("routes") or []
    return LiveEndpoint(
        name=name,
        endpoint_id=str(found.get("id", "")),
        route_optimized=bool(found.get("route_optimized")),
        traffic={
            str(route.get("served_entity_name") or route.get("served_model_name")): int(route["traffic_percentage"])
            for route in routes
        },
        creator=str(found.get("creator", "")),
        creator_kind=str(found.get("creator_kind", "")),
        answer=found,
    )


def _list(client: Client) -> Listing:
    found = client.get(ENDPOINTS_PATH)
    if found is None:
        raise UnreadableError("the workspace has no list of serving endpoints")
    return Listing({str(each["name"]): str(each.get("creator", "")) for each in found.get("endpoints") or []})
