"""A project's folder with stack files, states that a `pulumi` of shell prints, and a workspace."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks import client
from model_serving.operations.drift.read import read_drift
from model_serving.operations.drift.report import DriftReport, ResourceDrift
from model_serving.spec import Stack, load_stack
from tests.http.conftest import FrozenWorkspace
from tests.http.operations.drift.hands import ALIAS
from tests.support.declared_workspace import Resource, deploy

PULUMI = """\
#!/bin/sh
# answers `pulumi stack export --stack NAME --non-interactive`, and only that
[ "$1 $2 $3" = "stack export --stack" ] || exit 9
[ -f "$4.json" ] || { echo "error: no stack named '$4' found" >&2; exit 1; }
cat "$4.json"
"""


@dataclass
class Project:
    """Stack files and states in a folder that is the current one, and what is in the workspace."""

    frozen: FrozenWorkspace
    folder: Path
    states: dict[str, list[Resource]] = field(default_factory=dict)
    principals: dict[str, str] = field(default_factory=dict)
    """The application ids of the stack's service principals by key."""

    def declare(self, stack: str = "dev", host: str | None = None, **settings: Any) -> None:
        config = {f"model-serving:{name}": value for name, value in settings.items()}
        text = json.dumps({"config": {"databricks:host": host or self.frozen.origin, **config}})
        (self.folder / "stacks" / f"Pulumi.{stack}.yaml").write_text(text)

    def deploy(self, stack: str = "dev") -> None:
        """Make what the stack declares, and write its state."""
        self._deploy(stack, load_stack(stack, Path("stacks")))

    def deploy_only(self, key: str, stack: str = "dev") -> None:
        """The same for one endpoint, beside what is deployed already."""
        spec = load_stack(stack, Path("stacks"))
        self._deploy(stack, spec.model_copy(update={"endpoints": {key: spec.endpoints[key]}}))

    def _deploy(self, stack: str, spec: Stack) -> None:
        settle = lambda: self.frozen.clock.advance(60)  # noqa: E731
        self.record(stack, deploy(self.call, stack, spec, {ALIAS: "7"}, settle, self.principals))

    def signed_in_as_another(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """Go on as a new service principal without rights, and return its application id."""
        application, settings = self.frozen.principal()
        monkeypatch.delenv("DATABRICKS_TOKEN")
        monkeypatch.setenv("DATABRICKS_CLIENT_ID", settings["clientId"])
        monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", settings["clientSecret"])
        client._connected.clear()  # noqa: SLF001
        return application

    def record(self, stack: str, resources: list[Resource]) -> None:
        self.states[stack] = [*self.states.get(stack, []), *resources]
        text = json.dumps({"deployment": {"resources": self.states[stack]}})
        (self.folder / f"{stack}.json").write_text(text)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.frozen.call(method, path, body)

    def drift(self, *stacks: str, whole: bool = False) -> DriftReport:
        return read_drift(stacks, whole_workspace=whole)

    def one(self, name: str, *stacks: str, whole: bool = False) -> ResourceDrift:
        """The endpoint of that name in the report."""
        return next(each for each in self.drift(*stacks, whole=whole).resources if each.name == name)

    def reads(self) -> Counter[str]:
        """The calls to the workspace so far, by the kind of path."""
        journal = self.call("GET", "/_workspace/journal")["requests"]
        return Counter(f"{each['method']} {_kind(each['path'])}" for each in journal if "/api/" in each["path"])


def _kind(path: str) -> str:
    """A path without the name or the id at its end."""
    for start in ("/api/2.0/serving-endpoints/", "/api/2.0/permissions/serving-endpoints/"):
        if path.startswith(start):
            return f"{start}*"
    return path


@pytest.fixture
def project(frozen: FrozenWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "stacks").mkdir()
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(PULUMI)
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    return Project(frozen, tmp_path)


@pytest.fixture(autouse=True)
def _new_connections() -> Iterator[None]:
    """Each test signs in by itself."""
    yield
    client._connected.clear()  # noqa: SLF001
