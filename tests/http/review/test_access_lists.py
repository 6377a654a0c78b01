"""Access lists in a review: compared as the workspace has them, in the same way for every reader."""

from typing import Any

import pytest

from model_serving.databricks.client import connect
from model_serving.databricks.errors import SignInError, UnreachableError
from model_serving.databricks.resource_types import (
    GRANT,
    MODEL_SERVING,
    PERMISSIONS,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_SECRET,
)
from model_serving.review.plan.state_copy.reads import Observation, observe
from tests.support.identities import access_list, entry

PROVIDER = "urn:pulumi:dev::p::pulumi:providers:databricks::default_1_104_0::id"
ADMIN = "admin@example.com"
QUERY = {"groupName": "ml-engineers", "permissionLevel": "CAN_QUERY"}


def resource(kind: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::p::{kind}::{name}"
    return {"urn": urn, "type": kind, "id": name, "inputs": inputs, "outputs": {}, "provider": PROVIDER, **more}


def permissions(endpoint_id: str, *controls: dict[str, str]) -> dict[str, Any]:
    inputs = {"servingEndpointId": endpoint_id, "accessControls": [*controls]}
    return resource(PERMISSIONS, "fraud-permissions", inputs, outputs={**inputs, "__pulumi_raw_state_delta": {}})


def as_control(principal: str, level: str) -> dict[str, str]:
    return {"servicePrincipalName": principal, "permissionLevel": level}


@pytest.fixture
def endpoint(frozen: Any) -> str:
    """The id of an endpoint of the administrator, which ml-engineers may query."""
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    made = frozen.call("GET", "/api/2.0/serving-endpoints/fraud")
    frozen.call("PATCH", access_list(made["id"]), {"access_control_list": [entry("ml-engineers", "CAN_QUERY")]})
    return str(made["id"])


def grant(frozen: Any, endpoint: str, principal: str, level: str) -> None:
    frozen.call("PATCH", access_list(endpoint), {"access_control_list": [entry(principal, level)]})


def seen(found: Observation) -> list[str]:
    """The principals and levels of the only list that differs, in order."""
    (after,) = found.changed.values()
    listed = after["inputs"]["accessControls"]
    names = ("servicePrincipalName", "userName", "groupName")
    assert [{name: each[name] for name in each if each[name]} for each in after["outputs"]["accessControls"]] == [
        {name: each[name] for name in each if name != "__defaults"} for each in listed
    ]
    assert "__pulumi_raw_state_delta" not in after["outputs"]
    return [f"{next(each[name] for name in names if name in each)} {each['permissionLevel']}" for each in listed]


def test_the_creators_own_entry_is_hidden(frozen: Any, endpoint: str) -> None:
    reader, settings = frozen.principal()
    grant(frozen, endpoint, reader, "CAN_VIEW")
    state = [permissions(endpoint, QUERY, as_control(reader, "CAN_VIEW"))]
    for who in (settings, frozen.settings()):
        found = observe(state, connect(who), None)
        assert (found.changed, found.unread, found.excluded) == ({}, {}, {state[0]["urn"]})


def test_a_declared_entry_of_the_deployer_is_compared(frozen: Any, endpoint: str) -> None:
    own = {"userName": ADMIN, "permissionLevel": "CAN_MANAGE"}
    workspace = connect(frozen.settings())
    assert observe([permissions(endpoint, QUERY, own)], workspace, None).changed == {}
    lower = {"userName": ADMIN, "permissionLevel": "CAN_QUERY"}
    found = observe([permissions(endpoint, QUERY, lower)], workspace, None)
    assert seen(found) == ["ml-engineers CAN_QUERY", f"{ADMIN} CAN_MANAGE"]


def test_another_managers_entry_is_drift(frozen: Any, endpoint: str) -> None:
    deployer, _ = frozen.principal()
    grant(frozen, endpoint, deployer, "CAN_MANAGE")
    workspace, state = connect(frozen.settings()), [permissions(endpoint, QUERY)]
    assert seen(observe(state, workspace, None)) == ["ml-engineers CAN_QUERY", f"{deployer} CAN_MANAGE"]
    assert seen(observe(state, workspace, deployer)) == ["ml-engineers CAN_QUERY", f"{ADMIN} CAN_MANAGE"]


def test_removed_entry_and_changed_level_are_drift(frozen: Any, endpoint: str) -> None:
    frozen.call("PUT", access_list(endpoint), {"access_control_list": [entry("users", "CAN_QUERY")]})
    found = observe([permissions(endpoint, QUERY)], connect(frozen.settings()), None)
    assert seen(found) == ["users CAN_QUERY"]
    grant(frozen, endpoint, "ml-engineers", "CAN_MANAGE")
    found = observe([permissions(endpoint, QUERY)], connect(frozen.settings()), None)
    assert seen(found) == ["ml-engineers CAN_MANAGE", "users CAN_QUERY"]


@pytest.mark.parametrize(
    ("frozen", "is_kept"),
    [([], True), (["permissions-of-a-deleted-endpoint=404"], False)],
    indirect=["frozen"],
    ids=["the list is kept", "the list is gone"],
)
def test_a_deleted_endpoint_is_left_to_the_provider(frozen: Any, endpoint: str, *, is_kept: bool) -> None:
    frozen.call("DELETE", "/api/2.0/serving-endpoints/fraud")
    state = [permissions(endpoint, QUERY)]
    found = observe(state, connect(frozen.settings()), None)
    assert (found.changed, found.unread) == ({}, {})
    assert bool(found.excluded) is is_kept


def test_what_is_denied_is_named_once(frozen: Any, endpoint: str) -> None:
    _, settings = frozen.principal()
    made = frozen.call("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "checkout"})
    state = [
        permissions(endpoint, QUERY),
        resource(MODEL_SERVING, "fraud", {"name": "fraud"}),
        resource(SERVICE_PRINCIPAL, str(made["id"]), {}),
        resource(SERVICE_PRINCIPAL_SECRET, "one", {"servicePrincipalId": made["id"]}),
        resource(
            GRANT, "grant", {"catalog": "main", "principal": made["applicationId"], "privileges": ["USE_CATALOG"]}
        ),
    ]
    found = observe(state, connect(settings), None)
    denied = {
        "permissions": ["fraud-permissions"],
        "endpoints": ["fraud"],
        "OAuth secrets": ["one"],
        "grants": ["grant"],
    }
    assert found.unread == denied
    assert len(found.excluded) == len(denied)
    everything = observe(state, connect(frozen.settings()), None)
    assert (everything.unread, len(everything.excluded)) == ({}, 1)


@pytest.mark.parametrize("frozen", [["access-list-readers=CAN_MANAGE", "grants-of-others=hidden"]], indirect=True)
def test_what_is_hidden_is_no_drift(frozen: Any, endpoint: str) -> None:
    reader, settings = frozen.principal()
    grant(frozen, endpoint, reader, "CAN_VIEW")
    frozen.grant("catalog/main", ADMIN, "USE_CATALOG")
    inputs = {"catalog": "main", "principal": ADMIN, "privileges": ["USE_CATALOG"]}
    found = observe([permissions(endpoint, QUERY), resource(GRANT, "grant", inputs)], connect(settings), None)
    assert (found.changed, found.unread) == ({}, {"permissions": ["fraud-permissions"], "grants": ["grant"]})


def test_resources_of_other_workspaces_are_left_out(frozen: Any, endpoint: str) -> None:
    other = {**permissions(endpoint), "provider": "urn:pulumi:dev::p::pulumi:providers:databricks::eu::id"}
    assert observe([other], connect(frozen.settings()), None) == Observation()


def test_rejected_credentials_end_the_comparison(frozen: Any, endpoint: str) -> None:
    settings = {**frozen.settings(), "token": "unknown"}
    with pytest.raises(SignInError):
        observe([permissions(endpoint)], connect(settings), None)
    with pytest.raises(UnreachableError, match="does not answer"):
        connect({"host": "http://127.0.0.1:1", "token": "x"})
