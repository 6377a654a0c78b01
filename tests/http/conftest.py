"""A workspace in this process whose clock is frozen until a test moves it, for clients without the engine."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from model_serving.workspace.admin.bootstrap import Credentials, bootstrap
from model_serving.workspace.admin.switches import parse_switches
from model_serving.workspace.http.app import create_app
from model_serving.workspace.http.server import bound_socket
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import FakeClock
from model_serving.workspace.store.database import Store

READY_AFTER = 10.0


@dataclass(frozen=True)
class FrozenWorkspace:
    """The workspace: its address, its clock, and its administrator."""

    origin: str
    clock: FakeClock
    credentials: Credentials

    def settings(self, token: str | None = None) -> dict[str, Any]:
        """A provider's configuration, for the administrator or the holder of that token."""
        return {"host": self.origin, "token": token or self.credentials.token}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.credentials.token}"}
        # The origin is plain HTTP: reading certificates for each request takes longer than the request.
        answer = httpx.request(method, self.origin + path, json=body, headers=headers, verify=False)  # noqa: S501
        return answer.raise_for_status().json() if answer.content else None

    def principal(self) -> tuple[str, dict[str, Any]]:
        """A new service principal without any rights: its application id, and settings to connect as it."""
        made = self.call("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "deployer"})
        place = f"/api/2.0/accounts/servicePrincipals/{made['id']}/credentials/secrets"
        secret = self.call("POST", place, {})["secret"]
        client = {"clientId": made["applicationId"], "clientSecret": secret}
        return made["applicationId"], {"host": self.origin, **client}

    def grant(self, securable: str, principal: str, *privileges: str) -> None:
        changes = [{"principal": principal, "add": list(privileges)}]
        self.call("PATCH", f"/api/2.1/unity-catalog/permissions/{securable}", {"changes": changes})

    def endpoint(self, name: str) -> None:
        """An endpoint made by the administrator, whose deployment takes READY_AFTER seconds of the clock."""
        entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
        config = {"served_entities": [entity | {"scale_to_zero_enabled": False}]}
        self.call("POST", "/api/2.0/serving-endpoints", {"name": name, "config": config})

    def requests(self, path: str) -> list[tuple[str, int]]:
        """The requests to a path so far: method and status of each."""
        listed = self.call("GET", "/_workspace/journal")["requests"]
        return [(request["method"], request["status"]) for request in listed if request["path"] == path]


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[FrozenWorkspace]:
    """A workspace with a frozen clock; `parametrize("frozen", [["NAME=ANSWER"]], indirect=True)` sets its switches."""
    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        monkeypatch.delenv(name)
    store, clock, listener = Store(":memory:"), FakeClock(), bound_socket("127.0.0.1", 0)
    credentials = bootstrap(store, clock)
    switches = parse_switches(getattr(request, "param", []))
    app = create_app(store, clock, Settings(ready_after=READY_AFTER, switches=switches))
    server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield FrozenWorkspace(f"http://127.0.0.1:{listener.getsockname()[1]}", clock, credentials)
    server.should_exit = True
    thread.join()
    store.close()
