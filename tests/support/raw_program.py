"""A sandbox whose program declares raw resources, as anyone could write them."""

import json
import re
import urllib.request
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.running_workspace import RunningWorkspace
from tests.support.sandbox import Outcome, Sandbox

PREVIEW = ("preview",)
UP = ("up", "--yes", "--skip-preview")
WITH_POLICIES = ("--policy-pack", "policies")
_VIOLATION = re.compile(r"\[(mandatory|advisory)\]  (\S+)  \(databricks:index(?:/\w+)?:(\w+): (.+)\)")
HEAD = """
import pulumi

class Resource(pulumi.CustomResource):
    def __init__(self, type_, resource, opts=None, /, **inputs):
        super().__init__(f"databricks:index/{type_[0].lower()}{type_[1:]}:{type_}", resource, inputs, opts)

def Endpoint(resource, opts=None, /, **inputs):
    entity = {"name": "current", "entityName": "main.ml.iris", "entityVersion": "2", "workloadSize": "Small",
              "scaleToZeroEnabled": False}
    return Resource("ModelServing", resource, opts, **{"config": {"servedEntities": [entity]}, **inputs})
"""


@dataclass(frozen=True)
class RawProgram:
    """A sandbox whose program is the text that a test writes."""

    sandbox: Sandbox

    def run(self, program: str, *command: str, policies: bool = True, **environment: str) -> Outcome:
        file = self.sandbox.folder / "__main__.py"
        file.write_text(HEAD + program, encoding="utf-8")
        # Python would run the compiled program before it, if that is of the same second and as long.
        Path(cache_from_source(str(file))).unlink(missing_ok=True)
        packs = WITH_POLICIES if policies else ()
        return self.sandbox.pulumi(*command, *packs, check=False, **environment)

    def deploy(self, program: str) -> None:
        outcome = self.run(program, *UP, policies=False)
        assert outcome.status == 0, outcome.text

    def refused(self, program: str, *options: str, resource: str, allowed_writes: tuple[str, ...] = ()) -> str:
        """Preview and `up` both end with the rule's violation on that resource and without touching anything."""
        for command in (PREVIEW, UP):
            before = self.sandbox.workspace.writes()
            outcome = self.run(program, *command, *options)
            assert outcome.refused, outcome.text
            assert Violation("route-optimized-create-only", "ModelServing", resource) in violations(outcome.text)
            assert self.sandbox.workspace.writes()[len(before) :] == list(allowed_writes)
        return outcome.text

    def urn(self, resource: str) -> str:
        return f"urn:pulumi:local::model-serving::databricks:index/modelServing:ModelServing::{resource}"


class Violation(NamedTuple):
    """A policy's line in the output of `pulumi`. `kind` is the last part of the resource's type: `ModelServing`."""

    rule: str
    kind: str
    resource: str
    level: str = "mandatory"


def violations(text: str) -> set[Violation]:
    """The violations in an output of `pulumi`.

    Since 3.249 it shortens the type: `databricks:index:ModelServing` for `databricks:index/modelServing:ModelServing`.
    """
    return {Violation(match[2], match[3], match[4], match[1]) for match in _VIOLATION.finditer(text)}


def create_endpoint(workspace: RunningWorkspace, name: str, *, route_optimized: bool) -> None:
    """An endpoint made by hand, as in the workspace's own pages."""
    entity = {
        "name": "current",
        "entity_name": "main.ml.iris",
        "entity_version": "2",
        "workload_size": "Small",
        "scale_to_zero_enabled": False,
    }
    post(
        workspace,
        "/api/2.0/serving-endpoints",
        {"name": name, "route_optimized": route_optimized, "config": {"served_entities": [entity]}},
    )


def post(workspace: RunningWorkspace, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310  the address is our own
        workspace.url + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {workspace.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read() or b"{}")


def reads(workspace: RunningWorkspace) -> list[str]:
    """The reads of serving endpoints so far, in order."""
    requests = workspace.get("/_workspace/journal")["requests"]
    paths = [request["path"] for request in requests if request["method"] == "GET"]
    return [path for path in paths if path.startswith("/api/2.0/serving-endpoints")]
