"""Secret scopes and the references to them in an endpoint's environment."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from databricks.sdk.errors import NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.workspace import AclPermission

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
