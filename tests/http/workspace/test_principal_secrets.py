"""OAuth secrets of service principals."""

from typing import Any

import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied


def signs_in(workspace: Any, application_id: str, secret: str) -> bool:
    form = {"grant_type": "client_credentials"}
    answer = workspace.http().post("/oidc/v1/token", auth=(application_id, secret), data=form)
    return bool(answer.status_code == 200)


def test_secret_is_returned_only_once(workspace: Any) -> None:
    sdk = workspace.sdk()
    caller = sdk.service_principals.create(display_name="checkout")
    made = sdk.service_principal_secrets_proxy.create(caller.id)
    assert made.secret.startswith("dose")
    (listed,) = sdk.service_principal_secrets_proxy.list(caller.id)
    assert (listed.id, listed.status, listed.secret_hash) == (made.id, "ACTIVE", made.secret_hash)
    assert signs_in(workspace, caller.application_id, made.secret)
    sdk.service_principal_secrets_proxy.delete(caller.id, made.id)
    assert not signs_in(workspace, caller.application_id, made.secret)


def test_principal_secret_expires(workspace: Any) -> None:
    sdk = workspace.sdk()
    caller = sdk.service_principals.create(display_name="checkout")
    secret = sdk.service_principal_secrets_proxy.create(caller.id, lifetime="3600s").secret
    workspace.clock.advance(3601)
    assert not signs_in(workspace, caller.application_id, secret)


def test_service_principal_has_five_secrets(workspace: Any) -> None:
    sdk = workspace.sdk()
    caller = sdk.service_principals.create(display_name="checkout")
    for _ in range(5):
        sdk.service_principal_secrets_proxy.create(caller.id)
    with pytest.raises(InvalidParameterValue, match="maximum of 5 secrets"):
        sdk.service_principal_secrets_proxy.create(caller.id)


def test_application_id_in_path_is_unknown(workspace: Any) -> None:
    with pytest.raises(NotFound):
        workspace.sdk().service_principal_secrets_proxy.create(workspace.credentials.client_id)


def test_only_admins_create_secrets(workspace: Any) -> None:
    caller = workspace.sdk().service_principals.create(display_name="checkout")
    ann = workspace.sdk(token=workspace.user("ann@example.com"))
    with pytest.raises(PermissionDenied):
        ann.service_principal_secrets_proxy.create(caller.id)


def test_no_plaintext_secret_is_stored(workspace: Any) -> None:
    sdk = workspace.sdk()
    caller = sdk.service_principals.create(display_name="checkout")
    secret = sdk.service_principal_secrets_proxy.create(caller.id).secret
    assert secret not in "\n".join(workspace.store.connection.iterdump())
