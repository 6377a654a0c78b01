"""Access control lists of endpoints, and what each level permits."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from databricks.sdk.service import iam

ENDPOINTS = "/api/2.0/serving-endpoints"
LISTS = "/api/2.0/permissions/serving-endpoints"
INHERITED = {
    "group_name": "admins",
    "all_permissions": [
        {"permission_level": "CAN_MANAGE", "inherited": True, "inherited_from_object": ["/serving-endpoints/"]}
    ],
}
Build = Callable[..., dict[str, Any]]


def direct(level: str, **principal: str) -> dict[str, Any]:
    return principal | {"all_permissions": [{"permission_level": level, "inherited": False}]}


def test_new_list_has_creator_and_admins(http: httpx.Client, endpoint: Build) -> None:
    made = endpoint("fraud")
    creator = direct("CAN_MANAGE", user_name="admin@example.com", display_name="Workspace admin")
    assert http.get(f"{LISTS}/{made['id']}").json() == {
        "object_id": f"/serving-endpoints/{made['id']}",
        "object_type": "serving-endpoint",
        "access_control_list": [creator, INHERITED],
    }


def test_put_replaces_and_patch_merges(http: httpx.Client, endpoint: Build) -> None:
    url = f"{LISTS}/{endpoint('fraud')['id']}"
    viewers = {"access_control_list": [{"group_name": "ml-engineers", "permission_level": "CAN_VIEW"}]}
    assert http.put(url, json=viewers).json()["access_control_list"] == [
        direct("CAN_VIEW", group_name="ml-engineers"),
        INHERITED,
    ]
    query = {"access_control_list": [{"group_name": "users", "permission_level": "CAN_QUERY"}]}
    assert [entry["group_name"] for entry in http.patch(url, json=query).json()["access_control_list"]] == [
        "ml-engineers",
        "users",
        "admins",
    ]


def test_user_name_may_be_application_id(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    url, client_id = f"{LISTS}/{endpoint('fraud')['id']}", workspace.credentials.client_id
    entry = {"user_name": client_id, "permission_level": "CAN_MANAGE"}
    (shown, _) = http.put(url, json={"access_control_list": [entry]}).json()["access_control_list"]
    assert shown["service_principal_name"] == client_id


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"service_principal_name": "checkout", "permission_level": "CAN_QUERY"},
            "Principal: ServicePrincipalName(checkout) does not exist",
        ),
        (
            {"user_name": "x@example.com", "permission_level": "CAN_QUERY"},
            "Principal: UserName(x@example.com) does not exist",
        ),
        ({"group_name": "x", "permission_level": "CAN_QUERY"}, "Principal: GroupName(x) does not exist"),
        (
            {"group_name": "users", "permission_level": "CAN_RUN"},
            "Permission level 'CAN_RUN' is not supported for serving-endpoint",
        ),
        (
            {"permission_level": "CAN_QUERY"},
            "Exactly one of user_name, group_name and service_principal_name must be given",
        ),
    ],
)
def test_invalid_entries_are_rejected(http: httpx.Client, endpoint: Build, entry: dict[str, str], message: str) -> None:
    refused = http.put(f"{LISTS}/{endpoint('fraud')['id']}", json={"access_control_list": [entry]})
    assert (refused.status_code, refused.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        (None, set()),
        ("CAN_VIEW", {"View"}),
        ("CAN_QUERY", {"View", "Query"}),
        ("CAN_MANAGE", {"View", "Query", "Manage"}),
    ],
)
def test_level_permits_its_operations(
    workspace: Any, http: httpx.Client, endpoint: Build, level: str | None, allowed: set[str]
) -> None:
    url = f"{LISTS}/{endpoint('fraud')['id']}"
    ann = workspace.http(workspace.user("ann@example.com", "ml-engineers"))
    if level:
        http.put(url, json={"access_control_list": [{"group_name": "ml-engineers", "permission_level": level}]})
    answers = {
        "View": ann.get(f"{ENDPOINTS}/fraud"),
        "Query": ann.post("/serving-endpoints/fraud/invocations", json={"inputs": [1]}),
        "Manage": ann.patch(f"{ENDPOINTS}/fraud/tags", json={}),
    }
    assert {verb for verb, answer in answers.items() if answer.status_code == 200} == allowed
    for verb in set(answers) - allowed:
        body = answers[verb].json()
        assert (answers[verb].status_code, body["error_code"]) == (403, "PERMISSION_DENIED")
        assert body["message"] == f"User does not have permission '{verb}' on Endpoint fraud"


def test_listing_hides_endpoints_without_level(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("hidden")
    query = {"access_control_list": [{"user_name": "ann@example.com", "permission_level": "CAN_QUERY"}]}
    ann = workspace.http(workspace.user("ann@example.com"))
    http.put(f"{LISTS}/{endpoint('fraud')['id']}", json=query)
    assert ann.get(f"{ENDPOINTS}/fraud").json()["permission_level"] == "CAN_QUERY"
    assert [row["name"] for row in ann.get(ENDPOINTS).json()["endpoints"]] == ["fraud"]


def test_list_outlives_its_endpoint(http: httpx.Client, endpoint: Build) -> None:
    url = f"{LISTS}/{endpoint('fraud')['id']}"
    http.delete(f"{ENDPOINTS}/fraud")
    assert http.get(url).json()["object_type"] == "serving-endpoint"
    assert http.get(f"{LISTS}/{'0' * 32}").json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_sdk_sets_and_reads_permissions(workspace: Any, endpoint: Build) -> None:
    sdk, made = workspace.sdk(), endpoint("fraud")
    wanted = iam.AccessControlRequest(group_name="users", permission_level=iam.PermissionLevel.CAN_VIEW)
    sdk.permissions.set("serving-endpoints", made["id"], access_control_list=[wanted])
    shown = sdk.permissions.get("serving-endpoints", made["id"]).access_control_list
    assert [entry.group_name for entry in shown] == ["users", "admins"]
    levels = sdk.permissions.get_permission_levels("serving-endpoints", made["id"]).permission_levels
    assert [level.permission_level.value for level in levels] == ["CAN_MANAGE", "CAN_QUERY", "CAN_VIEW"]
