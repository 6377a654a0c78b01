"""Live endpoints that a stack takes under management, on the real engine: imported, and never written."""

import functools
from typing import Any, Final

import pytest

from model_serving.components.inputs import EndpointInputs
from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.operations.adopt.entries import entry_of
from model_serving.operations.adopt.entry import Destination, Entry
from model_serving.spec import Stack
from tests.support.hand_made import LOCAL, adopt, call, declare_only, make_by_hand
from tests.support.killed_run import UP, is_written, killed_when, state_of
from tests.support.random_endpoints import make_endpoint
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

NEW: Final = {"current": {"entity": "main.ml.iris", "version": "1", "workload_size": "Small"}}


def declared(sandbox: Sandbox, names: list[str]) -> dict[str, Any]:
    """The fields of each endpoint as it is live."""
    found = {}
    for name in names:
        answer = sandbox.workspace.get(endpoint_path(name))
        access = sandbox.workspace.get(access_list_path(answer["id"]))
        entry = entry_of(answer, access, Destination("local", Stack(), answer["creator"]))
        assert isinstance(entry, Entry), entry
        found[entry.key] = {"adopt_id": entry.id, **entry.fields}
    return found


def without_ids(endpoints: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {name: each for name, each in fields.items() if name != "adopt_id"} for key, fields in endpoints.items()
    }


def test_killed_adoption_goes_on_without_a_write(snapshots: Snapshots) -> None:
    with snapshots.initialized("--ready-after", "0") as sandbox:
        names = make_by_hand(sandbox, 12, 7)
        adopted = declared(sandbox, names)
        declare_only(sandbox, adopted)
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
        declare_only(sandbox, without_ids(adopted))
        sandbox.pulumi(*UP, "--expect-no-changes", "--refresh")
        assert sandbox.workspace.writes() == before


def test_import_command_leaves_nothing_to_do(snapshots: Snapshots, capsys: pytest.CaptureFixture[str]) -> None:
    with snapshots.initialized("--ready-after", "0") as sandbox:
        names = make_by_hand(sandbox, 16, 11, external=2)
        before = sandbox.workspace.writes()
        declare_only(sandbox, {"new": {"served_entities": NEW}})
        text = (sandbox.folder / LOCAL).read_text(encoding="utf-8")
        assert adopt(sandbox, "--import") == 1
        assert "Nothing was imported: `pulumi up` would do more than that: Create endpoint" in capsys.readouterr().err
        assert (sandbox.folder / LOCAL).read_text(encoding="utf-8") == text
        declare_only(sandbox, {})
        assert adopt(sandbox, "--import") == 0
        shown = capsys.readouterr().err
        assert "external-0, external-1: external model" in shown
        assert f"{len(names)} endpoints imported, nothing was written to the workspace" in shown
        assert sandbox.workspace.writes() == before
        text = (sandbox.folder / LOCAL).read_text(encoding="utf-8")
        assert "adopt_id" not in text
        assert "shop: {application_id: " in text
        sandbox.pulumi("preview", "--expect-no-changes")
        sandbox.pulumi(*UP, "--refresh", "--expect-no-changes")
        assert sandbox.workspace.writes() == before
        assert adopt(sandbox, "--import") == 0
        assert (sandbox.folder / LOCAL).read_text(encoding="utf-8") == text


PROGRAM: Final = """
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
