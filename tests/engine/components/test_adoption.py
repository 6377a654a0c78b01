"""Live endpoints that a stack takes under management, on the real engine: imported, and never written."""

import functools
from random import Random
from typing import Any, Final

import pytest
import yaml

from model_serving.cli.main import main
from model_serving.components.inputs import EndpointInputs
from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.operations.adopt.entries import entry_of
from model_serving.operations.adopt.entry import Destination, Entry
from model_serving.spec import Stack
from tests.support.killed_run import is_written, killed_when, state_of
from tests.support.random_endpoints import SEED, inputs_of, make_endpoint, random_fields, stop_endpoint
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

UP: Final = ("up", "--yes", "--skip-preview")
LOCAL: Final = "stacks/Pulumi.local.yaml"
HOST: Final = "databricks:host"
NEW: Final = {"current": {"entity": "main.ml.iris", "version": "1", "workload_size": "Small"}}


def call(sandbox: Sandbox, method: str, path: str, body: Any) -> Any:
    return getattr(sandbox.workspace, method.lower())(path, body or {})


def make(sandbox: Sandbox, number: int, seed: int) -> list[str]:
    """Random endpoints that no stack made, and their names."""
    random, act = Random(seed), functools.partial(call, sandbox)  # noqa: S311  a test's own numbers
    names = [f"hand-made-{n}" for n in range(number)]
    sandbox.workspace.post("/_workspace/seed", SEED)
    for name in names:
        fields = random_fields(random)
        stack = Stack.model_validate({"endpoints": {name: fields}})
        make_endpoint(act, name, inputs_of(stack, name))
        if fields.get("stopped"):
            stop_endpoint(act, name)
    return names


def entries(sandbox: Sandbox, names: list[str], deployer: str | None = None) -> list[Entry]:
    found = []
    for name in names:
        answer = sandbox.workspace.get(endpoint_path(name))
        access = sandbox.workspace.get(access_list_path(answer["id"]))
        entry = entry_of(answer, access, Destination("local", Stack(), deployer or answer["creator"]))
        assert isinstance(entry, Entry), entry
        found.append(entry)
    return found


def declare(sandbox: Sandbox, *adopted: Entry, with_ids: bool = True, **changed: Any) -> None:
    """Make a stack of these endpoints only."""
    file = sandbox.folder / LOCAL
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    ids = [{"adopt_id": each.id} if with_ids else {} for each in adopted]
    endpoints = {each.key: {**each.fields, **one, **changed} for each, one in zip(adopted, ids, strict=True)}
    allowed = {"gpu-where-allowed": {"stacks": ["local"]}}
    written["config"] = {
        HOST: written["config"][HOST],
        "model-serving:policies": allowed,
        "model-serving:endpoints": endpoints,
    }
    file.unlink()
    file.write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    base = sandbox.folder / "stacks/base.yaml"
    base.unlink()
    base.write_text("config: {}\n", encoding="utf-8")


def test_random_endpoints_are_adopted_without_a_write(snapshots: Snapshots) -> None:
    with snapshots.initialized("--ready-after", "0") as sandbox:
        names = make(sandbox, 12, 7)
        adopted = entries(sandbox, names)
        declare(sandbox, *adopted)
        before = sandbox.workspace.writes()
        slow = {"pattern": "GET /api/2.0/permissions/*", "times": -1, "delay_seconds": 5}
        sandbox.workspace.post("/_workspace/faults", slow)
        # Every endpoint is imported, and not every permission.
        killed_when(sandbox, lambda: state_of(sandbox).count(f"${MODEL_SERVING}") >= len(names) and is_written(sandbox))
        sandbox.workspace.delete("/_workspace/faults")
        sandbox.pulumi("cancel", "--yes")
        rest = sandbox.pulumi(*UP).text
        assert "databricks:index:ModelServing" not in rest
        assert " imported" in rest
        assert sandbox.workspace.writes() == before
        sandbox.pulumi("preview", "--expect-no-changes")
        declare(sandbox, *adopted, with_ids=False)
        sandbox.pulumi(*UP, "--expect-no-changes", "--refresh")
        assert sandbox.workspace.writes() == before


def command(sandbox: Sandbox, *arguments: str) -> int:
    """The exit status of `model-serving adopt`."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        patch.chdir(sandbox.folder)
        return main(["adopt", "--stack", "local", *arguments])


def test_import_command_leaves_nothing_to_do(snapshots: Snapshots, capsys: pytest.CaptureFixture[str]) -> None:
    with snapshots.initialized("--ready-after", "0") as sandbox:
        names, new = make(sandbox, 6, 11), Entry("new", "new", "", {"served_entities": NEW})
        before = sandbox.workspace.writes()
        declare(sandbox, new, with_ids=False)
        declared = (sandbox.folder / LOCAL).read_text(encoding="utf-8")
        assert command(sandbox, "--import") == 1
        assert "Nothing was imported: `pulumi up` would do more than that: Create endpoint" in capsys.readouterr().err
        assert (sandbox.folder / LOCAL).read_text(encoding="utf-8") == declared
        declare(sandbox)
        assert command(sandbox, "--import") == 0
        shown = capsys.readouterr().err
        assert f"{len(names)} endpoints imported, nothing was written to the workspace" in shown
        assert sandbox.workspace.writes() == before
        text = (sandbox.folder / LOCAL).read_text(encoding="utf-8")
        assert "adopt_id" not in text
        sandbox.pulumi(*UP, "--refresh", "--expect-no-changes")
        assert sandbox.workspace.writes() == before
        assert command(sandbox, "--import") == 0
        assert (sandbox.folder / LOCAL).read_text(encoding="utf-8") == text


PROGRAM: Final = """
import pulumi
from model_serving.components.args import AiGatewayArgs, PermissionArgs, ServedEntityArgs, ServingEndpointArgs
from model_serving.components.serving_endpoint import ServingEndpoint

ServingEndpoint(
    "iris",
    ServingEndpointArgs(
        name="iris",
        adopt=True,
        served_entities={"current": ServedEntityArgs(entity="main.ml.iris", version="1", workload_size="Small")},
        permissions=[PermissionArgs(group="ml-engineers", level="CAN_QUERY")],
        ai_gateway=AiGatewayArgs(usage_tracking=True),
    ),
)
"""


def test_program_of_its_own_adopts_by_name(snapshots: Snapshots) -> None:
    with snapshots.initialized("--ready-after", "0") as sandbox:
        settings = {"aiGateway": {"usageTrackingConfig": {"enabled": True}}}
        config = {"servedEntities": [{"name": "current", "entityName": "main.ml.iris", "entityVersion": "1"}]}
        config["servedEntities"][0] |= {"workloadSize": "Small", "scaleToZeroEnabled": False}  # type: ignore[dict-item]
        access = [{"groupName": "ml-engineers", "permissionLevel": "CAN_QUERY"}]
        make_endpoint(functools.partial(call, sandbox), "iris", EndpointInputs({"config": config}, settings, access))
        before = sandbox.workspace.writes()
        program = sandbox.folder / "__main__.py"
        program.unlink()
        program.write_text(PROGRAM, encoding="utf-8")
        done = sandbox.pulumi(*UP)
        assert "= 2 imported" in done.text, done.text
        assert sandbox.workspace.writes() == before
        sandbox.pulumi(*UP, "--refresh", "--expect-no-changes")
        assert sandbox.workspace.writes() == before
