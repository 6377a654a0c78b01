"""The provider of an empty access list: who loses access, who keeps it, and what is written."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from model_serving.components.endpoint_access.provider import AccessError, AccessProvider

Inputs = Callable[..., dict[str, Any]]
PLACE = "/api/2.0/serving-endpoints/fraud"
ML = {"group_name": "ml-engineers", "permission_level": "CAN_QUERY"}


@pytest.fixture
def declared(frozen: Any) -> Inputs:
    """Inputs of the empty list of an endpoint that the administrator has created."""
    frozen.call("POST", "/_workspace/seed", {"groups": ["ml-engineers"]})
    frozen.call("POST", "/_workspace/seed", {"models": {"main.ml.fraud": {"versions": 9}}})
    frozen.endpoint("fraud")
    endpoint_id = frozen.call("GET", PLACE)["id"]

    def inputs(settings: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        workspace = settings or frozen.settings()
        return {
            "endpointId": endpoint_id, "endpointName": "fraud", "accessControls": [], "workspace": workspace, **more
        }  # fmt: skip

    return inputs


def access_list(declared: Inputs) -> str:
    return f"/api/2.0/permissions/serving-endpoints/{declared()['endpointId']}"


def granted(frozen: Any, declared: Inputs) -> list[str]:
    """The principals of the direct entries."""
    entries = frozen.call("GET", access_list(declared))["access_control_list"]
    direct = [each for each in entries if not all(every["inherited"] for every in each["all_permissions"])]
    return sorted(each.get("group_name") or each.get("user_name") or each["service_principal_name"] for each in direct)


def grant(frozen: Any, declared: Inputs, *entries: dict[str, str]) -> None:
    frozen.call("PATCH", access_list(declared), {"access_control_list": list(entries)})


def puts(frozen: Any, declared: Inputs) -> int:
    return sum(method == "PUT" for method, _ in frozen.requests(access_list(declared)))


def test_new_list_of_the_creator_alone_is_not_written(frozen: Any, declared: Inputs) -> None:
    made = AccessProvider().create(declared())
    assert made.id == declared()["endpointId"]
    assert puts(frozen, declared) == 0
    assert not AccessProvider().diff("fraud", made.outs or {}, declared()).changes


def test_grant_by_hand_is_a_difference_and_removed(frozen: Any, declared: Inputs) -> None:
    made = AccessProvider().create(declared()).outs or {}
    before = granted(frozen, declared)
    grant(frozen, declared, ML)
    assert AccessProvider().diff("fraud", made, declared()).changes
    refreshed = AccessProvider().read(declared()["endpointId"], made)
    assert refreshed.outs is not None
    assert refreshed.outs["accessControls"] == [{"groupName": "ml-engineers", "permissionLevel": "CAN_QUERY"}]
    updated = AccessProvider().update("fraud", refreshed.outs, declared()).outs or {}
    assert granted(frozen, declared) == before
    assert puts(frozen, declared) == 1
    assert not AccessProvider().diff("fraud", updated, declared()).changes


def test_declared_deployer_keeps_its_access(frozen: Any, declared: Inputs) -> None:
    deployer, _ = frozen.principal()
    other, _ = frozen.principal()
    for name in (deployer, other):
        grant(frozen, declared, {"service_principal_name": name, "permission_level": "CAN_MANAGE"})
    AccessProvider().create(declared(deployer=deployer))
    assert deployer in granted(frozen, declared)
    assert other not in granted(frozen, declared)


def test_caller_never_locks_itself_out(frozen: Any, declared: Inputs) -> None:
    caller, settings = frozen.principal()
    grant(frozen, declared, {"service_principal_name": caller, "permission_level": "CAN_MANAGE"}, ML)
    mine = declared(settings)
    made = AccessProvider().create(mine).outs or {}
    assert caller in granted(frozen, declared)
    assert "ml-engineers" not in granted(frozen, declared)
    assert not AccessProvider().diff("fraud", made, mine).changes


def test_unreadable_list_is_no_difference(frozen: Any, declared: Inputs) -> None:
    made = AccessProvider().create(declared()).outs or {}
    _, settings = frozen.principal()
    assert not AccessProvider().diff("fraud", made, declared(settings)).changes


def test_unknown_endpoint_is_not_read(frozen: Any, declared: Inputs) -> None:
    before = len(frozen.requests(access_list(declared)))
    assert AccessProvider().diff("fraud", declared(), {**declared(), "endpointId": None}).replaces == ["endpointId"]
    assert len(frozen.requests(access_list(declared))) == before


def test_deleted_endpoint_ends_the_list(frozen: Any, declared: Inputs) -> None:
    made = AccessProvider().create(declared()).outs or {}
    grant(frozen, declared, ML)
    frozen.call("DELETE", PLACE)
    assert AccessProvider().read(declared()["endpointId"], made).id == ""


def test_refused_write_names_the_endpoint(frozen: Any, declared: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)  # the provider sets it permanently
    grant(frozen, declared, ML)
    fault = {"pattern": f"PUT {access_list(declared)}", "status": 400, "message": "No"}
    frozen.call("POST", "/_workspace/faults", fault)
    with pytest.raises(AccessError, match=r'^Permissions of serving endpoint "fraud": No$'):
        AccessProvider().create(declared())
