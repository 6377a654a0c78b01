"""The reads of a workspace, counted by a client that records them."""

import threading
from typing import Any

import pytest

from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH
from model_serving.policies.live import workspaces
from model_serving.policies.live.endpoints import (
    AHEAD,
    MAX_UNLISTED_PROBES,
    Endpoints,
    LiveEndpoint,
    UnreadableError,
)


class Workspace:
    """A client of a workspace with these endpoints, by creator, that remembers its reads."""

    def __init__(self, creators: dict[str, str], hidden: tuple[str, ...] = (), listable: bool = True) -> None:
        self.creators = creators
        self.hidden = hidden
        self.listable = listable
        self.paths: list[str] = []
        self._lock = threading.Lock()

    def get(self, path: str) -> dict[str, Any] | None:
        with self._lock:
            self.paths.append(path)
        if path == ENDPOINTS_PATH:
            if not self.listable:
                raise UnreadableError("the list is forbidden")
            return {"endpoints": [{"name": name, "creator": who} for name, who in self.creators.items()]}
        name = path.removeprefix(f"{ENDPOINTS_PATH}/")
        if name in self.hidden:
            raise UnreadableError("User does not have permission 'View'")
        return {"name": name, "id": f"id of {name}", "route_optimized": True} if name in self.creators else None

    def open(self, *, is_preview: bool = True) -> Endpoints:
        return Endpoints(lambda: self, is_preview=is_preview)


def names(count: int, prefix: str = "e") -> list[str]:
    return [f"{prefix}{n}" for n in range(count)]


def one_creator(count: int) -> dict[str, str]:
    return dict.fromkeys(names(count), "pipeline")


def settle(endpoints: Endpoints) -> None:
    """Wait for the reads that nobody asked for."""
    endpoints._pool.shutdown(wait=True)  # noqa: SLF001


def test_read_returns_the_fields_for_rules() -> None:
    assert Workspace({"fraud": "ann"}).open().read("fraud") == LiveEndpoint(
        "fraud", "id of fraud", True, answer={"name": "fraud", "id": "id of fraud", "route_optimized": True}
    )


def test_endpoint_and_listing_are_read_once() -> None:
    workspace = Workspace(one_creator(1))
    endpoints = workspace.open()
    for _ in range(3):
        endpoints.read("e0")
    settle(endpoints)
    assert workspace.paths == [ENDPOINTS_PATH, f"{ENDPOINTS_PATH}/e0"]


def test_500_endpoints_cost_one_read_each() -> None:
    workspace = Workspace(one_creator(500))
    endpoints = workspace.open()
    for name in reversed(names(500)):
        endpoints.read(name)
    settle(endpoints)
    assert workspace.paths[0] == ENDPOINTS_PATH
    assert sorted(workspace.paths[1:]) == sorted(f"{ENDPOINTS_PATH}/{name}" for name in names(500))


def test_500_endpoints_wait_for_few_reads() -> None:
    """Each wait starts twice as many reads, so that most endpoints are there before they are asked for."""
    endpoints = Workspace(one_creator(500)).open()
    for name in reversed(names(500)):
        endpoints.read(name)
    settle(endpoints)
    assert endpoints.waits <= 20


@pytest.mark.parametrize(("stack", "most"), [(1, 2), (2, 4), (3, 8), (10, 10 * AHEAD)])
def test_small_stack_reads_little_in_large_workspace(stack: int, most: int) -> None:
    workspace = Workspace(one_creator(1000))
    endpoints = workspace.open()
    for name in names(1000)[-stack:]:
        endpoints.read(name)
    settle(endpoints)
    assert len(workspace.paths) - 1 <= most


def test_endpoints_of_other_creators_are_skipped() -> None:
    workspace = Workspace(dict.fromkeys(names(900, "theirs"), "someone") | dict.fromkeys(names(20, "ours"), "pipeline"))
    endpoints = workspace.open()
    for name in names(20, "ours"):
        endpoints.read(name)
    settle(endpoints)
    assert sorted(workspace.paths[1:]) == sorted(f"{ENDPOINTS_PATH}/{name}" for name in names(20, "ours"))


def test_preview_of_500_new_endpoints_trusts_listing() -> None:
    workspace = Workspace({})
    endpoints = workspace.open()
    assert [endpoints.read(name) for name in names(500)] == [None] * 500
    assert workspace.paths == [
        ENDPOINTS_PATH,
        *(f"{ENDPOINTS_PATH}/{name}" for name in names(MAX_UNLISTED_PROBES)),
    ]


def test_up_probes_every_unlisted_endpoint() -> None:
    """The listing may lag, and holds what the caller may view; during `up` the next step would be a deletion."""
    workspace = Workspace({}, hidden=("e99",))
    endpoints = workspace.open(is_preview=False)
    assert [endpoints.read(name) for name in names(99)] == [None] * 99
    with pytest.raises(UnreadableError, match="permission 'View'"):
        endpoints.read("e99")


def test_without_listing_endpoints_are_read_by_name() -> None:
    workspace = Workspace(one_creator(2), listable=False)
    endpoints = workspace.open()
    assert [endpoint and endpoint.name for endpoint in map(endpoints.read, ["e0", "e1", "new"])] == ["e0", "e1", None]


def test_listed_names_ignore_case() -> None:
    found = Workspace({"Fraud": "ann"}).open().read("fraud")
    assert found
    assert found.name == "Fraud"


def test_unreachable_workspace_is_connected_once() -> None:
    tries: list[int] = []

    def connect() -> Workspace:
        tries.append(1)
        raise UnreadableError("no answer within 20 seconds", lasting=True)

    endpoints = Endpoints(connect, is_preview=True)
    for name in names(5):
        with pytest.raises(UnreadableError, match="no answer"):
            endpoints.read(name)
    assert tries == [1]


def test_answer_about_another_endpoint_is_refused() -> None:
    class Confused(Workspace):
        def get(self, path: str) -> dict[str, Any] | None:
            return super().get(path) if path == ENDPOINTS_PATH else {"name": "other", "route_optimized": True}

    with pytest.raises(UnreadableError, match="another endpoint"):
        Confused({"fraud": "ann"}).open().read("fraud")


def test_a_failure_of_the_sdk_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_settings: object) -> None:
        raise RuntimeError("Unable to read the token")

    monkeypatch.setattr(workspaces, "Workspace", fail)
    with pytest.raises(UnreadableError, match=r"^Unable to read the token$"):
        workspaces.WorkspaceReader({"host": "https://example.com"}, seconds=1)
