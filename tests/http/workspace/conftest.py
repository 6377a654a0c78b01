"""A workspace for each test, served by one server thread."""

import gc
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from starlette.types import ASGIApp, Receive, Scope, Send

from model_serving.workspace.admin.bootstrap import Credentials, bootstrap
from model_serving.workspace.admin.seed import join
from model_serving.workspace.http.app import create_app
from model_serving.workspace.http.server import bound_socket
from model_serving.workspace.identity.principals import principal
from model_serving.workspace.identity.scim import new_user
from model_serving.workspace.identity.tokens import new_personal_token
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import FakeClock
from model_serving.workspace.store.database import Store

READY_AFTER = 10.0


class Switchboard:
    """Forwards requests to the application of the current test."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass
class Workspace:
    """A workspace under test; only tests move its clock."""

    origin: str
    store: Store
    clock: FakeClock
    credentials: Credentials
    switchboard: Switchboard
    opened: ExitStack = field(default_factory=ExitStack)

    def restart(self, **settings: Any) -> None:
        """Continues with different settings."""
        self.switchboard.app = create_app(self.store, self.clock, Settings(**{"ready_after": READY_AFTER} | settings))

    def http(self, token: str | None = None) -> httpx.Client:
        """A client with the administrator's token, or with that one."""
        headers = {"Authorization": f"Bearer {token or self.credentials.token}"}
        # plain HTTP: creating a TLS context takes longer than the test
        client = httpx.Client(base_url=self.origin, headers=headers, verify=False)  # noqa: S501
        return self.opened.enter_context(client)

    def user(self, name: str, *groups: str) -> str:
        """A personal access token of a new user."""
        record = new_user(self.store, {"userName": name})
        self.store.put("user", record["id"], record)
        for group in groups:
            join(self.store, group, record["id"])
        return new_personal_token(self.store, principal(self.store, "user", record))

    def oauth_token(self, **form: str) -> str:
        """An OAuth token of the service principal with admin rights."""
        answer = self.http().post(
            "/oidc/v1/token",
            auth=(self.credentials.client_id, self.credentials.client_secret),
            data={"grant_type": "client_credentials", "scope": "all-apis"} | form,
        )
        return str(answer.json()["access_token"])

    def sdk(self, **config: Any) -> WorkspaceClient:
        """The official SDK's client, by default as the administrator."""
        self.opened.callback(_collect_sockets)
        return WorkspaceClient(config=Config(host=self.origin, **(config or {"token": self.credentials.token})))

    def deploy(self) -> None:
        """Moves the clock past the end of a deployment."""
        self.clock.advance(READY_AFTER)


def _collect_sockets() -> None:
    """Closes the SDK's connections, whose warnings would fail a later test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(autouse=True)
def _no_credentials_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Switchboard, str]]:
    switchboard, listener = Switchboard(), bound_socket("127.0.0.1", 0)
    uvicorn_server = uvicorn.Server(
        uvicorn.Config(switchboard, http="h11", ws="none", lifespan="off", log_level="critical")
    )
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield switchboard, f"http://127.0.0.1:{listener.getsockname()[1]}"
    uvicorn_server.should_exit = True
    thread.join()


@pytest.fixture
def workspace(server: tuple[Switchboard, str]) -> Iterator[Workspace]:
    switchboard, origin = server
    store, clock = Store(":memory:"), FakeClock()
    credentials = bootstrap(store, clock)
    current = Workspace(origin, store, clock, credentials, switchboard)
    current.restart()
    with current.opened:
        yield current
    store.close()


@pytest.fixture
def http(workspace: Workspace) -> httpx.Client:
    """The administrator, over plain HTTP."""
    return workspace.http()


@pytest.fixture
def entity() -> Callable[..., dict[str, Any]]:
    """Builds a served entity of the fraud model; keyword arguments change members, None removes one."""

    def build(**changes: Any) -> dict[str, Any]:
        plain = {"entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
        merged = plain | {"scale_to_zero_enabled": False} | changes
        return {member: value for member, value in merged.items() if value is not None}

    return build


@pytest.fixture
def endpoint(
    workspace: Workspace, http: httpx.Client, entity: Callable[..., dict[str, Any]]
) -> Callable[..., dict[str, Any]]:
    """Creates and deploys an endpoint: `endpoint("fraud", route_optimized=True)`."""

    def build(name: str = "fraud", **members: Any) -> dict[str, Any]:
        made = http.post(
            "/api/2.0/serving-endpoints", json={"name": name, "config": {"served_entities": [entity()]}} | members
        )
        assert made.status_code == 200, made.text
        workspace.deploy()
        return dict(http.get(f"/api/2.0/serving-endpoints/{name}").json())

    return build
