"""A deployed stack without an engine: a workspace with its endpoints, and a `pulumi` that prints their outputs."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from model_serving.cli.main import main
from tests.support.running_workspace import PROJECT, RunningWorkspace, running_workspace
from tests.support.warm_python.environment import warm_environment

STACK = """\
config:
  databricks:host: {host}
  model-serving:endpoints:
    fraud-scorer:
      route_optimized: true
      served_entities:
        champion: {{entity: main.ml.fraud, version: "7"}}
        shadow: {{entity: main.ml.fraud, version: "8"}}
      traffic: {{champion: 100, shadow: 0}}
      permissions:
        - {{service_principal: checkout, level: CAN_QUERY}}
    plain:
      served_entities:
        current: {{entity: main.ml.fraud, version: "2"}}
        second: {{entity: main.ml.fraud, version: "2"}}
      traffic: {{current: 100, second: 0}}
      permissions:
        - {{service_principal: checkout, level: CAN_QUERY}}
{smoke}
    closed:
      served_entities:
        current: {{entity: main.ml.fraud, version: "2"}}
    agent:
      route_optimized: true
      served_entities:
        v2: {{entity: main.ml.assistant, version: "2"}}
        v1: {{entity: main.ml.assistant, version: "1"}}
      traffic: {{v2: 100, v1: 0}}
      permissions:
        - {{service_principal: checkout, level: CAN_QUERY}}
{agent_smoke}
  model-serving:service_principals:
    checkout: {{display_name: checkout, oauth_secret: true}}
"""


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@dataclass
class Deployed:
    """A project folder whose stack `dev` is deployed to `workspace`."""

    folder: Path
    workspace: RunningWorkspace
    outputs: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    def declare(self, smoke: str = "", agent_smoke: str = "") -> None:
        """Writes the stack file, with smoke requests of the endpoints `plain` and `agent`."""
        blocks = {"smoke": smoke, "agent_smoke": agent_smoke}
        text = STACK.format(
            host=self.workspace.url,
            **{name: f"      smoke:\n{block}" if block else "" for name, block in blocks.items()},
        )
        (self.folder / "stacks" / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")

    def publish(self) -> None:
        (self.folder / "outputs.json").write_text(json.dumps(self.outputs), encoding="utf-8")

    def request(self, content: object) -> str:
        """The path of a file that holds this request; a text is written as it is."""
        file = self.folder / "request.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return "request.json"

    @contextlib.contextmanager
    def entered(self, **environment: str) -> Iterator[None]:
        """In the project's folder, with its environment."""
        with contextlib.chdir(self.folder), patch.dict(os.environ, {**self.environment, **environment}, clear=True):
            yield

    def run(self, *arguments: str, stack: str = "dev", **environment: str) -> Outcome:
        """Run the command in this process: starting another costs more CPU time than most commands."""
        out, err = io.StringIO(), io.StringIO()
        with self.entered(**environment), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*arguments, "--stack", stack])
        return Outcome(status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def _workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    with running_workspace(tmp_path_factory.mktemp("workspace") / "workspace.db", "--ready-after", "0") as running:
        yield running


@pytest.fixture(scope="session")
def _outputs(_workspace: RunningWorkspace) -> dict[str, Any]:
    """The outputs of a deployed stack."""
    headers = {"Authorization": f"Bearer {_workspace.token}"}
    with httpx.Client(base_url=_workspace.url, headers=headers, verify=False) as http:  # noqa: S501 - plain HTTP
        made = http.post("/api/2.0/preview/scim/v2/ServicePrincipals", json={"displayName": "checkout"}).json()
        secrets = f"/api/2.0/accounts/servicePrincipals/{made['id']}/credentials/secrets"
        secret = http.post(secrets, json={}).json()["secret"]
        endpoints = {
            "fraud-scorer": _endpoint(http, "fraud-scorer", {"champion": "7", "shadow": "8"}, route_optimized=True),
            "plain": _endpoint(http, "plain", {"current": "2", "second": "2"}),
            "closed": _endpoint(http, "closed", {"current": "2"}),
            "iris-classifier": _endpoint(http, "iris-classifier", {"current": "2"}, model="main.ml.iris"),
            "assistant": _chat(http, "assistant"),
            "agent": _endpoint(http, "agent", {"v2": "2", "v1": "1"}, model="main.ml.assistant", route_optimized=True),
        }
        for key in endpoints.keys() - {"closed"}:
            entry = {"service_principal_name": made["applicationId"], "permission_level": "CAN_QUERY"}
            path = f"/api/2.0/permissions/serving-endpoints/{endpoints[key]['id']}"
            assert http.patch(path, json={"access_control_list": [entry]}).status_code == 200
    client = {"application_id": made["applicationId"], "client_secret": secret}
    return {"endpoints": endpoints, "service_principals": {"checkout": client}}


def _endpoint(
    http: httpx.Client,
    name: str,
    versions: dict[str, str],
    *,
    model: str = "main.ml.fraud",
    route_optimized: bool = False,
) -> dict[str, Any]:
    entities = [
        {
            "name": entity,
            "entity_name": model,
            "entity_version": version,
            "workload_size": "Small",
            "scale_to_zero_enabled": False,
        }
        for entity, version in versions.items()
    ]
    routes = [
        {"served_entity_name": entity, "traffic_percentage": 0 if number else 100}
        for number, entity in enumerate(versions)
    ]
    config = {"served_entities": entities, "traffic_config": {"routes": routes}}
    return _made(http, {"name": name, "route_optimized": route_optimized, "config": config})


def _chat(http: httpx.Client, name: str) -> dict[str, Any]:
    external = {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}
    return _made(http, {"name": name, "config": {"served_entities": [{"external_model": external}]}})


def _made(http: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    name = body["name"]
    assert http.post("/api/2.0/serving-endpoints", json=body).status_code == 200
    found = http.get(f"/api/2.0/serving-endpoints/{name}").json()
    url = found.get("endpoint_url") or f"{http.base_url}/serving-endpoints/{name}/invocations"
    return {"name": name, "id": found["id"], "url": url, "route_optimized": found["route_optimized"]}


@pytest.fixture
def deployed(tmp_path: Path, _workspace: RunningWorkspace, _outputs: dict[str, Any]) -> Deployed:
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "stacks").mkdir()
    pulumi = programs / "pulumi"
    # answers `pulumi stack output --json --show-secrets --stack dev --non-interactive`, and only that
    pulumi.write_text(
        "#!/bin/sh\n"
        'if [ "$*" = "stack output --json --show-secrets --stack dev --non-interactive" ]; then cat outputs.json\n'
        "else echo \"error: no stack named '$6' found\" >&2; exit 1; fi\n"
    )
    pulumi.chmod(0o755)
    command = programs / "model-serving"
    command.write_text(f'#!/bin/sh\nexec {warm_environment()}/bin/python -m model_serving "$@"\n')
    command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABRICKS_")}
    environment |= {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "HOME": str(tmp_path),
        "PULUMI_BACKEND_URL": "file:///state",
    }
    here = Deployed(tmp_path, _workspace, json.loads(json.dumps(_outputs)), environment)
    here.declare()
    here.publish()
    return here
