"""Unity Catalog grants, and the privileges that the creator of an endpoint needs."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from databricks.sdk.service import catalog

GRANTS = "/api/2.1/unity-catalog/permissions"
Build = Callable[..., dict[str, Any]]


def grant(http: httpx.Client, securable: str, principal: str, *privileges: str) -> httpx.Response:
    changes = [{"principal": principal, "add": list(privileges)}]
    return http.patch(f"{GRANTS}/{securable}", json={"changes": changes})


def test_grants_are_returned_unchanged(http: httpx.Client) -> None:
    assert http.get(f"{GRANTS}/function/main.ml.fraud").json() == {}
    grant(http, "function/main.ml.fraud", "ml-engineers", "EXECUTE", "APPLY_TAG")
    expected = [{"principal": "ml-engineers", "privileges": ["EXECUTE", "APPLY_TAG"]}]
    assert http.get(f"{GRANTS}/function/main.ml.fraud").json() == {"privilege_assignments": expected}
    other = http.get(f"{GRANTS}/function/main.ml.fraud", params={"principal": "users"}).json()
    assert other == {}


def test_effective_privileges_name_their_origin(workspace: Any, http: httpx.Client) -> None:
    grant(http, "catalog/main", "ml-engineers", "USE_CATALOG", "EXECUTE")
    grant(http, "function/main.ml.fraud", "ml-engineers", "APPLY_TAG")
    grant(http, "function/main.ml.fraud", "users", "EXECUTE")
    found = workspace.sdk().grants.get_effective("function", "main.ml.fraud", principal="ml-engineers")
    inherited = {"inherited_from_type": catalog.SecurableType.CATALOG.value, "inherited_from_name": "main"}
    assert [entry.as_dict() for entry in found.privilege_assignments] == [
        {
            "principal": "ml-engineers",
            "privileges": [
                {"privilege": "APPLY_TAG"},
                {"privilege": "USE_CATALOG"} | inherited,
                {"privilege": "EXECUTE"} | inherited,
            ],
        }
    ]


def test_table_takes_its_own_privileges(workspace: Any, http: httpx.Client) -> None:
    grant(http, "table/main.ml.payments", "ml-engineers", "SELECT")
    grant(http, "schema/main.ml", "ml-engineers", "USE_SCHEMA")
    found = workspace.sdk().grants.get_effective("table", "main.ml.payments", principal="ml-engineers")
    (entry,) = found.privilege_assignments
    assert [each.privilege.value for each in entry.privileges] == ["SELECT", "USE_SCHEMA"]
    missing = http.get(f"{GRANTS}/table/main.ml.fraud")
    assert (missing.status_code, missing.json()["message"]) == (404, "Table 'main.ml.fraud' does not exist.")
    assert http.get(f"{GRANTS}/function/main.ml.payments").status_code == 404


def test_revoking_all_privileges_clears_a_principal(http: httpx.Client) -> None:
    grant(http, "schema/main.ml", "users", "USE_SCHEMA", "EXECUTE")
    changes = [{"principal": "users", "remove": ["ALL_PRIVILEGES"]}]
    assert http.patch(f"{GRANTS}/schema/main.ml", json={"changes": changes}).json() == {"privilege_assignments": []}


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        (
            {"principal": "users", "add": ["EXECUTE"], "remove": ["EXECUTE"]},
            400,
            "Duplicate privileges to add and delete for principal users.",
        ),
        ({"principal": "users", "add": ["FLY"]}, 400, "Privilege FLY is not applicable to this entity."),
        ({"principal": "nobody", "add": ["EXECUTE"]}, 404, "Could not find principal with name nobody"),
    ],
)
def test_invalid_changes_are_rejected(http: httpx.Client, change: dict[str, Any], status: int, message: str) -> None:
    refused = http.patch(f"{GRANTS}/function/main.ml.fraud", json={"changes": [change]})
    assert (refused.status_code, refused.json()["message"]) == (status, message)


def test_small_pages_are_rejected(http: httpx.Client) -> None:
    assert http.get(f"{GRANTS}/function/main.ml.fraud", params={"max_results": 10}).status_code == 400
    assert http.get(f"{GRANTS}/function/main.ml.fraud", params={"max_results": 150}).status_code == 200
    assert http.get(f"{GRANTS}/volume/main.ml.fraud").status_code == 400
    assert http.get(f"{GRANTS}/function/main.ml.nothing").status_code == 404


def test_creator_needs_schema_and_catalog(workspace: Any, http: httpx.Client, entity: Build) -> None:
    ann = workspace.http(workspace.user("ann@example.com", "ml-engineers"))
    body = {"name": "fraud", "config": {"served_entities": [entity()]}}
    for securable, privilege, missing in (
        ("catalog/main", "USE_CATALOG", "User does not have USE CATALOG on Catalog 'main'."),
        ("schema/main.ml", "USE_SCHEMA", "User does not have USE SCHEMA on Schema 'main.ml'."),
        ("function/main.ml.fraud", "EXECUTE", "User does not have EXECUTE on Routine or Model 'main.ml.fraud'."),
    ):
        refused = ann.post("/api/2.0/serving-endpoints", json=body)
        assert (refused.status_code, refused.json()["message"]) == (403, missing)
        grant(http, securable, "ml-engineers", privilege)
    assert ann.post("/api/2.0/serving-endpoints", json=body).json()["creator"] == "ann@example.com"


def test_update_needs_the_creators_privileges(workspace: Any, http: httpx.Client, entity: Build) -> None:
    ann = workspace.http(workspace.user("ann@example.com"))
    grant(http, "catalog/main", "ann@example.com", "ALL_PRIVILEGES")
    ann.post("/api/2.0/serving-endpoints", json={"name": "fraud", "config": {"served_entities": [entity()]}})
    workspace.deploy()
    changes = [{"principal": "ann@example.com", "remove": ["ALL_PRIVILEGES"]}]
    http.patch(f"{GRANTS}/catalog/main", json={"changes": changes})
    update = {"served_entities": [entity(entity_version="8")]}
    assert http.put("/api/2.0/serving-endpoints/fraud/config", json=update).status_code == 403


def test_model_is_hidden_without_privileges(workspace: Any, http: httpx.Client) -> None:
    ann = workspace.http(workspace.user("ann@example.com"))
    url = "/api/2.1/unity-catalog/models"
    assert ann.get(url).json() == {"registered_models": []}
    assert ann.get(f"{url}/main.ml.fraud").status_code == 403
    grant(http, "function/main.ml.fraud", "account users", "EXECUTE")
    assert ann.get(f"{url}/main.ml.fraud/aliases/Champion").json()["version"] == 7


def test_sdk_updates_grants(workspace: Any) -> None:
    change = catalog.PermissionsChange(principal="users", add=[catalog.Privilege.EXECUTE])
    granted = workspace.sdk().grants.update("function", "main.ml.fraud", changes=[change])
    assert granted.privilege_assignments[0].privileges == [catalog.Privilege.EXECUTE]
