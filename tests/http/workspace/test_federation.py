"""Sign-in with a token of an identity provider, by a federation policy."""

from typing import Any

import pytest
from databricks.sdk.core import Config

from tests.support.id_tokens import ISSUER, Issuer

AUDIENCE = "an-audience"
SUBJECT = "repo:shop/models:environment:prod"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def policy(workspace: Any, issuer: Issuer, **changes: Any) -> str:
    """The application id of a new service principal with a policy."""
    caller = workspace.sdk().service_principals.create(display_name="deployer")
    body = {"issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE], "jwks_json": issuer.keys, **changes}
    workspace.http().post(
        f"/api/2.0/accounts/a/servicePrincipals/{caller.id}/federationPolicies", json={"oidc_policy": body}
    ).raise_for_status()
    return str(caller.application_id)


def exchange(workspace: Any, client_id: str, token: str) -> Any:
    grant = "urn:ietf:params:oauth:grant-type:token-exchange"
    kind = "urn:ietf:params:oauth:token-type:jwt"
    form = {"grant_type": grant, "client_id": client_id, "subject_token": token, "subject_token_type": kind}
    return workspace.http().post("/oidc/v1/token", data={**form, "scope": "all-apis"})


def test_the_sdk_signs_in_with_a_token_of_github(
    workspace: Any, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id = policy(workspace, issuer)
    monkeypatch.setenv("DATABRICKS_OIDC_TOKEN", issuer.token(SUBJECT, AUDIENCE, workspace.clock.now()))
    config = Config(host=workspace.origin, auth_type="env-oidc", client_id=client_id)
    assert config.authenticate()["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("subject", "audience", "age"),
    [
        ("repo:shop/models:environment:prod-review", AUDIENCE, 0),
        ("repo:other/models:environment:prod", AUDIENCE, 0),
        (SUBJECT, "another", 0),
        (SUBJECT, AUDIENCE, 301),
    ],
    ids=["another environment", "another repository", "another audience", "expired"],
)
def test_another_token_is_refused(workspace: Any, issuer: Issuer, subject: str, audience: str, age: int) -> None:
    answer = exchange(
        workspace, policy(workspace, issuer), issuer.token(subject, audience, workspace.clock.now() - age)
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_another_issuer_s_key_is_refused(workspace: Any, issuer: Issuer) -> None:
    forged = Issuer().token(SUBJECT, AUDIENCE, workspace.clock.now())
    assert exchange(workspace, policy(workspace, issuer), forged).status_code == 400
    assert exchange(workspace, policy(workspace, issuer), "no token").status_code == 400


def test_a_policy_is_for_its_own_principal(workspace: Any, issuer: Issuer) -> None:
    policy(workspace, issuer)
    other = workspace.sdk().service_principals.create(display_name="other").application_id
    token = issuer.token(SUBJECT, AUDIENCE, workspace.clock.now())
    assert exchange(workspace, str(other), token).status_code == 400
