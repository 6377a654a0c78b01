"""Secret scopes and the references to them in an endpoint's environment."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.workspace import AclPermission

from model_serving.workspace.identity import secret_scopes

Build = Callable[..., dict[str, Any]]


def test_scope_and_secrets_lifecycle(workspace: Any) -> None:
    secrets = workspace.sdk().secrets
    secrets.create_scope("prod")
    secrets.put_secret("prod", "key", string_value="planted")
    assert [scope.name for scope in secrets.list_scopes()] == ["serving", "prod"]
    assert [secret.key for secret in secrets.list_secrets("prod")] == ["key"]
    assert secrets.get_secret("prod", "key").value == "cGxhbnRlZA=="
    secrets.delete_secret("prod", "key")
    secrets.delete_scope("prod")
    with pytest.raises(NotFound, match="Scope prod does not exist"):
        list(secrets.list_secrets("prod"))


def test_scope_names_are_unique(workspace: Any) -> None:
    with pytest.raises(ResourceAlreadyExists, match="Scope serving already exists"):
        workspace.sdk().secrets.create_scope("serving")


def test_scope_rights_are_enforced(workspace: Any) -> None:
    secrets, ann = workspace.sdk().secrets, workspace.sdk(token=workspace.user("ann@example.com")).secrets
    assert list(ann.list_scopes()) == []
    secrets.put_acl("serving", "ann@example.com", AclPermission.READ)
    assert [acl.principal for acl in secrets.list_acls("serving")] == ["admin@example.com", "ann@example.com"]
    assert ann.get_secret("serving", "api-key").key == "api-key"
    with pytest.raises(PermissionDenied, match="does not have WRITE permission"):
        ann.put_secret("serving", "other", string_value="x")
    secrets.delete_acl("serving", "ann@example.com")
    with pytest.raises(NotFound):
        secrets.get_acl("serving", "ann@example.com")


def test_endpoint_returns_reference_not_value(endpoint: Build, entity: Build) -> None:
    environment = {"API_KEY": "{{secrets/serving/api-key}}"}
    shown = endpoint("fraud", config={"served_entities": [entity(environment_vars=environment)]})
    assert shown["config"]["served_entities"][0]["environment_vars"] == environment


def test_missing_secret_fails_the_deployment(endpoint: Build, entity: Build) -> None:
    environment = {"API_KEY": "{{secrets/serving/nothing}}"}
    shown = endpoint("fraud", config={"served_entities": [entity(environment_vars=environment)]})
    assert shown["state"]["config_update"] == "UPDATE_FAILED"


def test_value_is_text_or_base64(http: httpx.Client) -> None:
    put = "/api/2.0/secrets/put"
    assert http.post(put, json={"scope": "serving", "key": "a", "bytes_value": "YQ=="}).status_code == 200
    assert http.post(put, json={"scope": "serving", "key": "a"}).json()["error_code"] == "INVALID_PARAMETER_VALUE"
    large = {"scope": "serving", "key": "a", "string_value": "x" * (128 * 1024 + 1)}
    assert http.post(put, json=large).status_code == 400


def test_writing_replaces_the_value(workspace: Any) -> None:
    secrets = workspace.sdk().secrets
    for value in ("old", "new"):
        workspace.clock.advance(1)
        secrets.put_secret("serving", "key", string_value=value)
    assert secrets.get_secret("serving", "key").value == "bmV3"
    (listed,) = [secret for secret in secrets.list_secrets("serving") if secret.key == "key"]
    assert listed.last_updated_timestamp == int(workspace.clock.now() * 1000)


def test_service_principal_reads_by_application_id(workspace: Any) -> None:
    sdk = workspace.sdk()
    caller = sdk.service_principals.create(display_name="checkout")
    secret = sdk.service_principal_secrets_proxy.create(caller.id).secret
    as_caller = workspace.sdk(client_id=caller.application_id, client_secret=secret).secrets
    with pytest.raises(PermissionDenied, match="does not have READ permission"):
        as_caller.get_secret("serving", "api-key")
    sdk.secrets.put_acl("serving", caller.application_id, AclPermission.READ)
    assert as_caller.get_secret("serving", "api-key").key == "api-key"
    with pytest.raises(PermissionDenied, match="does not have MANAGE permission"):
        as_caller.list_acls("serving")


def test_unknown_principal_gets_no_right(workspace: Any) -> None:
    with pytest.raises(InvalidParameterValue, match="Principal nobody does not exist"):
        workspace.sdk().secrets.put_acl("serving", "nobody", AclPermission.READ)


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, "naïve"])
def test_invalid_names_are_refused(http: httpx.Client, name: str) -> None:
    for path, body in (("scopes/create", {"scope": name}), ("put", {"scope": "serving", "key": name})):
        answer = http.post(f"/api/2.0/secrets/{path}", json={**body, "string_value": "x"} if path == "put" else body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer.text


def test_scopes_and_secrets_are_limited(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_scopes, "MAX_SCOPES", 1)
    monkeypatch.setattr(secret_scopes, "MAX_SECRETS", 1)
    refused = [
        http.post("/api/2.0/secrets/scopes/create", json={"scope": "second"}),
        http.post("/api/2.0/secrets/put", json={"scope": "serving", "key": "second", "string_value": "x"}),
    ]
    assert [answer.json()["error_code"] for answer in refused] == ["RESOURCE_LIMIT_EXCEEDED"] * 2
    again = {"scope": "serving", "key": "api-key", "string_value": "x"}
    assert http.post("/api/2.0/secrets/put", json=again).status_code == 200


def test_two_values_at_once_are_refused(http: httpx.Client) -> None:
    both = {"scope": "serving", "key": "a", "string_value": "a", "bytes_value": "YQ=="}
    assert http.post("/api/2.0/secrets/put", json=both).json()["error_code"] == "MALFORMED_REQUEST"
