"""A project's folder with a stack that has no endpoints yet, and a workspace in this process that has some."""

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_serving.cli.main import main
from model_serving.databricks import client
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH
from model_serving.spec import Stack, load_stack
from tests.http.conftest import READY_AFTER, FrozenWorkspace

COMPONENT, RESOURCE = "model-serving:index:ServingEndpoint", "databricks:index/modelServing:ModelServing"
PULUMI = """\
#!/bin/sh
for word; do [ "$last" = --stack ] && stack=$word; last=$word; done
[ -f "state.$stack.json" ] || { echo "error: no stack named '$stack' found" >&2; exit 1; }
cat "state.$stack.json"
"""


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        return json.loads(self.out)

    @property
    def refused(self) -> dict[str, str]:
        """The reasons by name."""
        return {each["name"]: each["reason"] for each in self.result["not_adopted"]}


@dataclass
class Adopter:
    """Somebody in a project's folder whose stack `dev` has no endpoints yet, and a workspace with some."""

    frozen: FrozenWorkspace
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def declare(self, stack: str = "dev", host: str = "", **settings: Any) -> None:
        """Write a stack's own file."""
        config = {"databricks:host": host or self.frozen.origin}
        config |= {f"model-serving:{name}": value for name, value in settings.items()}
        (self.folder / "stacks" / f"Pulumi.{stack}.yaml").write_text(
            yaml.safe_dump({"config": config}, sort_keys=False)
        )

    def create(self, name: str, **more: Any) -> str:
        """Make an endpoint by hand that is deployed, and return its id."""
        config = more.pop("config", {"served_entities": [entity()]})
        made = self.frozen.call("POST", ENDPOINTS_PATH, {"name": name, "config": config, **more})
        self.frozen.clock.advance(READY_AFTER + 60)
        return str(made["id"])

    def record(self, stack: str, **ids: str) -> None:
        """Write a stack's state with endpoints by key."""
        resources: list[dict[str, Any]] = []
        for key, identity in ids.items():
            urn = f"urn:pulumi:{stack}::p::{COMPONENT}::{key}"
            outputs = {"name": key, "servingEndpointId": identity}
            resource = {"urn": f"{urn}${RESOURCE}::{key}", "type": RESOURCE, "parent": urn, "outputs": outputs}
            resources += [{"urn": urn, "type": COMPONENT, "outputs": {}}, resource]
        text = json.dumps({"deployment": {"resources": resources}})
        (self.folder / f"state.{stack}.json").write_text(text)

    def run(self, *arguments: str, stack: str = "dev") -> Outcome:
        self.capsys.readouterr()
        status = main(["adopt", "--stack", stack, *arguments])
        return Outcome(status, *self.capsys.readouterr())

    def spec(self, stack: str = "dev") -> Stack:
        return load_stack(stack, self.folder / "stacks")

    def calls(self) -> Counter[str]:
        """The requests to the API so far, with a star for what they are about."""
        requests = self.frozen.call("GET", "/_workspace/journal")["requests"]
        paths = [f"{each['method']} {each['path'].rpartition('/')[0]}" for each in requests if "/api/" in each["path"]]
        return Counter(paths)


def entity(name: str = "champion", version: str = "7", **more: Any) -> dict[str, Any]:
    defaults = {"entity_name": "main.ml.fraud", "workload_size": "Small", "scale_to_zero_enabled": False}
    return {"name": name, "entity_version": version, **defaults, **more}


@pytest.fixture
def adopter(
    frozen: FrozenWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Adopter:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pulumi"
    program.write_text(PULUMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(client, "_connected", {})
    made = Adopter(frozen, tmp_path, capsys)
    made.declare()
    return made
