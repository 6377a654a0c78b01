"""Endpoints with `adopt_id`: which are taken over, and everything that can't be taken as it is."""

from collections.abc import Mapping
from typing import Any

import pytest

from model_serving.components.adoption.adoption import ADOPTED, Adoption
from model_serving.components.endpoint_settings.provider import SettingsProvider
from model_serving.components.engine.state import State, StateResource
from model_serving.components.from_spec import endpoint_args
from model_serving.components.preflight.adoptions import AdoptedEndpoint, adoptions, is_another
from model_serving.components.preflight.report import PreflightReport
from model_serving.databricks.caller import Caller
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import DeniedError
from model_serving.databricks.resource_types import ENDPOINT_SETTINGS, MODEL_SERVING, PERMISSIONS
from model_serving.spec import Stack
from tests.http.conftest import READY_AFTER, FrozenWorkspace

FRAUD = "/api/2.0/serving-endpoints/fraud"
SERVED = {"one": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}}
GROUP = {"group": "ml-engineers", "level": "CAN_QUERY"}
ADMIN = Caller("admin@example.com", frozenset())


@pytest.fixture
def live(frozen: FrozenWorkspace) -> FrozenWorkspace:
    """A workspace with the endpoint `fraud`, which runs, records usage, and which a group may query."""
    frozen.endpoint("fraud")
    frozen.clock.advance(READY_AFTER)
    frozen.call("PUT", f"{FRAUD}/ai-gateway", {"usage_tracking_config": {"enabled": True}})
    entry = {"group_name": "ml-engineers", "permission_level": "CAN_QUERY"}
    path = f"/api/2.0/permissions/serving-endpoints/{id_of(frozen)}"
    frozen.call("PATCH", path, {"access_control_list": [entry]})
    return frozen


def id_of(workspace: FrozenWorkspace) -> str:
    return str(workspace.call("GET", FRAUD)["id"])


def judged(
    workspace: FrozenWorkspace,
    adopt_id: str,
    state: State | None = None,
    name: str = "fraud",
    as_seen: Workspace | None = None,
    deployer: Caller = ADMIN,
    **fields: Any,
) -> tuple[Mapping[str, Adoption], list[tuple[str, str]]]:
    """The adoptions of a stack with one endpoint, and the problems as path and message."""
    declared = {"name": name, "served_entities": SERVED, "permissions": [GROUP], **fields}
    stack = Stack.model_validate({"endpoints": {"fraud": declared}})
    report = PreflightReport(caller=ADMIN, deployer=deployer)
    wanted = AdoptedEndpoint("fraud", ("endpoints", "fraud"), adopt_id, endpoint_args(stack, "fraud"))
    seen = as_seen or connect(workspace.settings())
    found = adoptions([wanted], report, state or State(), lambda: seen, {})
    return found, [(".".join(map(str, path[2:])), message) for path, message, _ in report.problems]


def recorded(workspace: FrozenWorkspace, *children: str, endpoint_id: str = "") -> State:
    outputs = {"name": "fraud", "servingEndpointId": endpoint_id or id_of(workspace)}
    return State(
        (
            StateResource("urn:pulumi:s::p::t::fraud", MODEL_SERVING, outputs),
            *(StateResource(f"urn:pulumi:s::p::t::fraud-{suffix}", kind, {}) for suffix, kind in map(_child, children)),
        )
    )


def _child(suffix: str) -> tuple[str, str]:
    return suffix, {"settings": ENDPOINT_SETTINGS, "permissions": PERMISSIONS}[suffix]


def test_what_is_declared_as_it_is_live_is_adopted(live: FrozenWorkspace) -> None:
    found, problems = judged(live, id_of(live), ai_gateway={"usage_tracking": True})
    assert (found, problems) == ({"fraud": Adoption(id_of(live), True, frozenset({"aiGateway"}))}, [])
    assert found["fraud"].permissions_id == f"/serving-endpoints/{id_of(live)}"
    found, problems = judged(live, id_of(live), ai_gateway={"usage_tracking": False})
    assert (found["fraud"].live, problems) == (frozenset(), [])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"description": "New"}, [("description", 'declared as "New", and the live endpoint has none')]),
        ({"permissions": [{**GROUP, "level": "CAN_MANAGE"}]}, [
            ("permissions.0", 'group "ml-engineers" has CAN_MANAGE here, and not on the live endpoint'),
            ("permissions", 'group "ml-engineers" has CAN_QUERY on the live endpoint, and not here'),
        ]),
        ({"served_entities": {"one": {**SERVED["one"], "entity": "main.ml.fraud@Champion", "version": None}}}, [
            ("served_entities.one.version", 'declared as "main.ml.fraud@Champion", and the live endpoint has "7"'),
        ]),
    ],
)  # fmt: skip
def test_each_difference_is_a_problem(
    live: FrozenWorkspace, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert judged(live, id_of(live), **fields) == ({}, expected)


def test_another_endpoint_is_never_taken(live: FrozenWorkspace) -> None:
    found, ((path, message),) = judged(live, "0a1b")
    assert (found, path) == ({}, "adopt_id")
    assert message == f'endpoint "fraud" has another id, {id_of(live)}: it is not the one that was meant'
    assert judged(live, "0a1b", name="gone") == ({}, [("adopt_id", 'the workspace has no endpoint "gone"')])


def test_endpoint_that_is_being_deployed_waits(frozen: FrozenWorkspace) -> None:
    frozen.endpoint("fraud")
    assert judged(frozen, id_of(frozen)) == ({}, [("adopt_id", 'endpoint "fraud" is being updated')])


def test_a_list_of_the_callers_own_is_not_imported(frozen: FrozenWorkspace) -> None:
    frozen.endpoint("fraud")
    frozen.clock.advance(READY_AFTER)
    own = [{"user": ADMIN.name, "level": "CAN_MANAGE"}]
    found, problems = judged(frozen, id_of(frozen), permissions=own, deployer=Caller("pipeline", frozenset()))
    assert (found["fraud"].imports_permissions, problems) == (False, [])


def test_listing_without_reading_is_a_problem(live: FrozenWorkspace) -> None:
    class Denied(Workspace):
        def __init__(self) -> None:
            pass

        def find(self, path: str) -> dict[str, Any] | None:
            raise DeniedError(f"you may not read {path}")

    found, problems = judged(live, id_of(live), as_seen=Denied())
    assert found == {}
    assert problems == [("adopt_id", f'endpoint "fraud" can\'t be read: you may not read {FRAUD}')]


def test_a_recorded_endpoint_is_not_read_again(live: FrozenWorkspace) -> None:
    before = live.requests(FRAUD)
    assert judged(live, id_of(live), recorded(live, "permissions")) == ({}, [])
    assert judged(live, "0a1b", recorded(live)) == ({}, [])
    assert live.requests(FRAUD) == [*before, ("GET", 200), ("GET", 200), ("GET", 200)]  # of this test alone
    assert is_another(id_of(live), "fraud-successor", recorded(live))
    assert not is_another(id_of(live), "fraud", recorded(live))


def test_a_killed_run_leaves_the_rest_to_the_next(live: FrozenWorkspace) -> None:
    gateway = {"usage_tracking": True}
    found, problems = judged(live, id_of(live), recorded(live, "permissions"), ai_gateway=gateway)
    assert (found["fraud"].live, problems) == (frozenset({"aiGateway"}), [])
    found, problems = judged(live, id_of(live), recorded(live, "settings"), ai_gateway=gateway, permissions=[])
    assert (found["fraud"].imports_permissions, problems) == (False, [])


def test_only_settings_that_differ_are_written(live: FrozenWorkspace) -> None:
    inputs = {
        "endpointId": id_of(live),
        "endpointName": "fraud",
        "workspace": live.settings(),
        "aiGateway": {"usageTrackingConfig": {"enabled": True}},
        "emailNotifications": {"onUpdateFailures": ["ann@example.com"]},
    }
    created = SettingsProvider().create({**inputs, ADOPTED: ["aiGateway"]})
    assert created.outs == inputs
    assert live.requests(f"{FRAUD}/ai-gateway") == [("PUT", 200)]  # before the adoption
    assert live.requests(f"{FRAUD}/notifications") == [("PATCH", 200)]
    assert not SettingsProvider().diff("", created.outs, inputs).changes
