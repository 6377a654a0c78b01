"""Users, service principals, groups and the caller."""

from typing import Any

import httpx
import pytest
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service import iam

SCIM = "/api/2.0/preview/scim/v2"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"


def test_me_returns_application_id(workspace: Any, http: httpx.Client) -> None:
    assert http.get(f"{SCIM}/Me").json()["userName"] == "admin@example.com"
    oauth = workspace.http(workspace.oauth_token())
    me = oauth.get(f"{SCIM}/Me?excludedAttributes=entitlements").json()
    assert me["userName"] == workspace.credentials.client_id
    assert [group["display"] for group in me["groups"]] == ["admins"]


def test_empty_entitlements_are_never_returned(http: httpx.Client) -> None:
    body = {"displayName": "checkout", "active": True, "schemas": [SCHEMA], "entitlements": [{}]}
    headers = {"Content-Type": "application/scim+json"}
    made = http.post(f"{SCIM}/ServicePrincipals", json=body, headers=headers)
    assert made.status_code == 201
    assert made.json()["entitlements"] == []
    assert made.json()["id"].isdigit()
    assert len(made.json()["applicationId"]) == 36


def test_server_assigns_application_id(http: httpx.Client) -> None:
    refused = http.post(f"{SCIM}/ServicePrincipals", json={"applicationId": "mine", "displayName": "x"})
    assert refused.status_code == 400
    assert refused.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert refused.json()["detail"] == "Request is unparsable, syntactically incorrect, or violates schema."


def test_service_principal_is_renamed_and_deleted(http: httpx.Client) -> None:
    made = http.post(f"{SCIM}/ServicePrincipals", json={"displayName": "checkout"}).json()
    url = f"{SCIM}/ServicePrincipals/{made['id']}"
    renamed = http.put(url, json={"displayName": "checkout-app", "active": True, "entitlements": [{}]}).json()
    assert (renamed["displayName"], renamed["applicationId"]) == ("checkout-app", made["applicationId"])
    assert http.delete(url).status_code == 204
    assert http.get(url).json()["detail"] == f"Service principal with id {made['id']} not found."


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ('displayName eq "checkout"', ["checkout"]),
        ('displayName co "check"', ["checkout"]),
        ('displayName ne "checkout"', ["workspace-admin"]),
        ('id eq "1"', []),
    ],
)
def test_listings_are_filtered(http: httpx.Client, wanted: str, found: list[str]) -> None:
    http.post(f"{SCIM}/ServicePrincipals", json={"displayName": "checkout"})
    listed = http.get(f"{SCIM}/ServicePrincipals", params={"filter": wanted}).json()
    assert [each["displayName"] for each in listed["Resources"]] == found
    assert listed["totalResults"] == len(found)


def test_sdk_pages_through_listing(workspace: Any, http: httpx.Client) -> None:
    for number in range(5):
        http.post(f"{SCIM}/ServicePrincipals", json={"displayName": f"caller-{number}"})
    names = [each.display_name for each in workspace.sdk().service_principals.list(count=2)]
    assert names == ["workspace-admin", *(f"caller-{number}" for number in range(5))]


def test_groups_gain_and_lose_members(workspace: Any, http: httpx.Client) -> None:
    sdk = workspace.sdk()
    group = sdk.groups.create(display_name="risk")
    caller = sdk.service_principals.create(display_name="checkout")
    add = iam.Patch(op=iam.PatchOp.ADD, value={"members": [{"value": caller.id}]})
    sdk.groups.patch(group.id, operations=[add], schemas=[])
    assert [member.display for member in sdk.groups.get(group.id).members] == ["checkout"]
    remove = iam.Patch(op=iam.PatchOp.REMOVE, path=f'members[value eq "{caller.id}"]')
    sdk.groups.patch(group.id, operations=[remove], schemas=[])
    assert not http.get(f"{SCIM}/Groups/{group.id}").json()["members"]


def test_identity_names_are_unique(http: httpx.Client) -> None:
    group = http.post(f"{SCIM}/Groups", json={"displayName": "admins"})
    assert (group.status_code, group.json()["detail"]) == (409, "Group with name admins already exists.")
    user = http.post(f"{SCIM}/Users", json={"userName": "admin@example.com"})
    assert user.json()["detail"] == "User with email admin@example.com already exists in this account"


def test_deactivated_service_principal_loses_access(workspace: Any) -> None:
    sdk, token = workspace.sdk(), workspace.oauth_token()
    (admin,) = sdk.service_principals.list(filter='displayName eq "workspace-admin"')
    off = iam.Patch(op=iam.PatchOp.REPLACE, path="active", value=False)
    sdk.service_principals.patch(admin.id, operations=[off], schemas=[])
    assert workspace.http(token).get(f"{SCIM}/Me").status_code == 401


def test_only_admins_manage_identities(workspace: Any) -> None:
    sdk = workspace.sdk(token=workspace.user("ann@example.com"))
    with pytest.raises(PermissionDenied, match="Only workspace admins can manage identities"):
        sdk.service_principals.create(display_name="mine")
    with pytest.raises(NotFound):
        sdk.service_principals.get("1")


def test_account_paths_return_same_identities(http: httpx.Client) -> None:
    made = http.post("/api/2.0/accounts/a-1/scim/v2/ServicePrincipals", json={"displayName": "caller"}).json()
    assert http.get(f"/api/2.0/preview/scim/v2/ServicePrincipals/{made['id']}").json() == made


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": 1, "value": 1},
        {"op": "add", "path": "members", "value": [{"value": []}]},
        {"op": "add", "path": "members", "value": "ann"},
        {"op": "replace", "path": "displayName", "value": ["x"]},
        {"op": "add", "value": {"displayName": 1}},
    ],
)
def test_patch_of_wrong_type_is_rejected(http: httpx.Client, operation: dict[str, Any]) -> None:
    group = http.post(f"{SCIM}/Groups", json={"displayName": "analysts"}).json()
    refused = http.patch(f"{SCIM}/Groups/{group['id']}", json={"Operations": [operation]})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "MALFORMED_REQUEST")
    assert http.get(f"{SCIM}/Groups/{group['id']}").json() == group


def test_patch_keeps_server_made_members(http: httpx.Client) -> None:
    made = http.post(f"{SCIM}/ServicePrincipals", json={"displayName": "checkout"}).json()
    changes = {"id": "1", "applicationId": "mine", "displayName": "till"}
    patch = {"Operations": [{"op": "replace", "value": changes}]}
    assert http.patch(f"{SCIM}/ServicePrincipals/{made['id']}", json=patch).json() == made | {"displayName": "till"}


def test_entitlement_of_wrong_type_is_rejected(http: httpx.Client) -> None:
    body = {"userName": "ann@example.com", "entitlements": [{"value": []}]}
    assert http.post(f"{SCIM}/Users", json=body).status_code == 400


def test_user_may_have_a_structured_name(http: httpx.Client) -> None:
    body = {"userName": "ann@example.com", "name": {"givenName": "Ann"}}
    assert http.post(f"{SCIM}/Users", json=body).status_code == 201
