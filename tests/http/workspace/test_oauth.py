"""Host discovery, client tokens, and their exchange for a token of one endpoint."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

Build = Callable[..., dict[str, Any]]
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def details_for(endpoint_id: str, *actions: str) -> str:
    detail = {
        "type": "workspace_permission",
        "object_type": "serving-endpoints",
        "object_path": f"/serving-endpoints/{endpoint_id}",
        "actions": list(actions or ["query_inference_endpoint"]),
    }
    return json.dumps([detail])


def ask(workspace: Any, auth: tuple[str, str] | None = None, **form: str) -> httpx.Response:
    answer: httpx.Response = workspace.http().post("/oidc/v1/token", data=form, auth=auth)
    return answer


def client(workspace: Any) -> tuple[str, str]:
    return workspace.credentials.client_id, workspace.credentials.client_secret


def test_discovery_returns_workspace_id_as_string(workspace: Any) -> None:
    probe = httpx.get(f"{workspace.origin}/.well-known/databricks-config")
    assert probe.json()["oidc_endpoint"] == f"{workspace.origin}/oidc"
    assert probe.json()["workspace_id"].isdigit()
    assert probe.headers["x-databricks-org-id"] == probe.json()["workspace_id"]
    oidc = httpx.get(f"{workspace.origin}/oidc/.well-known/oauth-authorization-server").json()
    assert oidc["token_endpoint"] == f"{workspace.origin}/oidc/v1/token"


def test_token_by_basic_authentication(workspace: Any) -> None:
    answer = ask(workspace, client(workspace), grant_type="client_credentials", scope="all-apis").json()
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 3600, "all-apis")
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["scope"]) == (workspace.credentials.client_id, "all-apis")


def test_token_by_chunked_form(workspace: Any) -> None:
    client_id, secret = client(workspace)
    form = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = httpx.post(f"{workspace.origin}/oidc/v1/token", content=iter([form.encode()]), headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "client_credentials", "scope": "everything"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": BEARER, "assertion": "nonsense"}, 400, "invalid_grant"),
        (
            {"grant_type": "client_credentials", "authorization_details": "not JSON"},
            400,
            "invalid_authorization_details",
        ),
        (
            {"grant_type": "client_credentials", "authorization_details": details_for("0" * 32)},
            400,
            "invalid_authorization_details",
        ),
    ],
)
def test_invalid_token_requests_are_rejected(workspace: Any, form: dict[str, str], status: int, error: str) -> None:
    answer = ask(workspace, client(workspace), **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_wrong_secret_is_rejected(workspace: Any) -> None:
    answer = ask(workspace, (workspace.credentials.client_id, "wrong"), grant_type="client_credentials")
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": "Client authentication failed"}


def test_token_expires_after_an_hour(workspace: Any) -> None:
    oauth = workspace.http(workspace.oauth_token())
    workspace.clock.advance(3599)
    assert oauth.get("/api/2.0/serving-endpoints").status_code == 200
    workspace.clock.advance(2)
    refused = oauth.get("/api/2.0/serving-endpoints")
    assert (refused.status_code, refused.json()["message"]) == (401, "Access token has expired")


def test_token_is_limited_to_scopes(workspace: Any) -> None:
    oauth = workspace.http(workspace.oauth_token(scope="model-serving"))
    assert oauth.get("/api/2.0/serving-endpoints").status_code == 200
    refused = oauth.get("/api/2.1/unity-catalog/models")
    assert refused.status_code == 403
    assert refused.json()["message"] == "Provided OAuth token does not have required scopes: unity-catalog"


def test_token_exchange_for_endpoint(workspace: Any, endpoint: Build) -> None:
    made = endpoint("fraud", route_optimized=True)
    details = made["data_plane_info"]["query_info"]["authorization_details"]
    form = {"grant_type": BEARER, "assertion": workspace.oauth_token(), "authorization_details": details}
    answer = ask(workspace, **form).json()
    assert answer["authorization_details"] == json.loads(details)
    narrowed = workspace.http(answer["access_token"])
    assert narrowed.post(made["endpoint_url"], json={"inputs": [1]}).status_code == 200
    assert narrowed.get("/api/2.0/serving-endpoints").status_code == 403


def test_personal_access_token_cannot_be_exchanged(workspace: Any, endpoint: Build) -> None:
    details = details_for(endpoint("fraud", route_optimized=True)["id"])
    form = {"grant_type": BEARER, "assertion": workspace.credentials.token, "authorization_details": details}
    assert ask(workspace, **form).json()["error"] == "invalid_grant"


def test_authorization_details_need_the_permission(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    made = endpoint("fraud", route_optimized=True)
    sdk = workspace.sdk()
    caller = sdk.service_principals.create(display_name="checkout")
    secret = sdk.service_principal_secrets_proxy.create(caller.id).secret
    form = {"grant_type": "client_credentials", "authorization_details": details_for(made["id"])}
    refused = ask(workspace, (caller.application_id, secret), **form)
    assert refused.json() == {
        "error": "invalid_authorization_details",
        "error_description": "User is not authorized to the requested authorizations",
    }
    entry = {"service_principal_name": caller.application_id, "permission_level": "CAN_QUERY"}
    http.patch(f"/api/2.0/permissions/serving-endpoints/{made['id']}", json={"access_control_list": [entry]})
    assert ask(workspace, (caller.application_id, secret), **form).status_code == 200


def test_sdk_authenticates_as_service_principal(workspace: Any) -> None:
    client_id, client_secret = client(workspace)
    sdk = workspace.sdk(client_id=client_id, client_secret=client_secret)
    assert sdk.current_user.me().user_name == client_id
    with pytest.raises(ValueError, match="invalid_client"):
        workspace.sdk(client_id=client_id, client_secret="wrong").current_user.me()
