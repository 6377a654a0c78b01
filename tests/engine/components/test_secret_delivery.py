"""A caller's credentials in a secret scope and on a forge: delivered, used, rotated with overlap, and never printed."""

import base64
import json
import re
from collections.abc import Iterator

import httpx
import pytest

from model_serving.cli.main import main
from tests.support.fake_environments import decrypted
from tests.support.fake_forge import Answer, FakeForge, fake_forge
from tests.support.sandbox import Outcome, Sandbox

UP = ("up", "--yes", "--skip-preview")
SECRET = "oauth_secret: true"
GITHUB = "github: {repository: acme/checkout, environment: prod}"
DELIVERED = f"oauth_secret: {{generation: 1, deliver: {{secret_scope: callers, {GITHUB}}}}}"
SCOPES = """
  model-serving:secret_scopes:
    callers: {readers: [{group: ml-engineers}, {service_principal: checkout}]}
"""
QUERY = {"dataframe_records": [{"amount": 129.9, "country": "NL", "card_age_days": 12}]}


def scope_secret(sandbox: Sandbox, key: str, token: str = "") -> str:
    """A value of the scope as the holder of the token reads it, or as the administrator does."""
    answer = httpx.get(
        f"{sandbox.workspace.url}/api/2.0/secrets/get?scope=callers&key={key}",
        headers={"Authorization": f"Bearer {token or sandbox.workspace.token}"},
    )
    return base64.b64decode(answer.raise_for_status().json()["value"]).decode()


def sign_in(sandbox: Sandbox, credentials: tuple[str, str], **form: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "scope": "all-apis", **form}
    return httpx.post(f"{sandbox.workspace.url}/oidc/v1/token", auth=credentials, data=form)


def query(sandbox: Sandbox, credentials: tuple[str, str]) -> int:
    """The status of a request to the route-optimized endpoint by a caller who has the credentials only."""
    endpoint = sandbox.outputs()["endpoints"]["fraud-scorer"]
    details = [
        {
            "type": "workspace_permission",
            "object_type": "serving-endpoints",
            "object_path": f"/serving-endpoints/{endpoint['id']}",
            "actions": ["query_inference_endpoint"],
        }
    ]
    token = sign_in(sandbox, credentials, authorization_details=json.dumps(details)).json()["access_token"]
    answer = httpx.post(endpoint["url"], json=QUERY, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


def reader_token(sandbox: Sandbox, credentials: tuple[str, str]) -> str:
    return str(sign_in(sandbox, credentials).json()["access_token"])


def delivered(sandbox: Sandbox) -> tuple[str, str]:
    """The credentials that the scope holds."""
    return scope_secret(sandbox, "checkout-client-id"), scope_secret(sandbox, "checkout-client-secret")


def secret_ids(sandbox: Sandbox) -> set[str]:
    principals = sandbox.workspace.get("/api/2.0/preview/scim/v2/ServicePrincipals")["Resources"]
    principal = next(one["id"] for one in principals if one["displayName"] == "checkout-app")
    listed = sandbox.workspace.get(f"/api/2.0/accounts/servicePrincipals/{principal}/credentials/secrets")
    return {secret["id"] for secret in listed.get("secrets", [])}


def state(sandbox: Sandbox) -> str:
    """All files of the state: the current one, its backups and its history."""
    files = (sandbox.folder.parent / "pulumi" / "state").rglob("*")
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file())


def _is_not_a_trace(event: str) -> bool:
    """Traces of the provider hold each secret that it creates (`set secret "..."`); docs/querying.md warns of them."""
    return bool(json.loads(event).get("diagnosticEvent", {}).get("severity") != "debug")


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch, project: Sandbox) -> Iterator[FakeForge]:
    """A forge, in an environment where `model-serving` runs in the project's folder."""
    with fake_forge() as running:
        running.add_user("deliverer")
        running.environments["prod"] = {}
        delivery = {"GITHUB_API_URL": running.url, "MODEL_SERVING_DELIVERY_TOKEN": "token-of-deliverer"}
        for name, value in {**project.environment, **delivery}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(project.folder)
        yield running


def on_forge(forge: FakeForge) -> tuple[str, str]:
    """The credentials that jobs of the environment get."""
    stored = forge.environments["prod"]
    return stored["DATABRICKS_CLIENT_ID"].value, decrypted(stored["DATABRICKS_CLIENT_SECRET"])


def test_delivery_from_creation_to_destruction(
    project: Sandbox, forge: FakeForge, capfd: pytest.CaptureFixture[str]
) -> None:
    base, log = project.folder / "stacks" / "base.yaml", project.folder / "events.json"
    project.edit("stacks/base.yaml", SECRET, DELIVERED)
    base.write_text(base.read_text(encoding="utf-8") + SCOPES, encoding="utf-8")
    printed = []

    def run(*arguments: str, check: bool = True) -> Outcome:
        outcome = project.pulumi(*arguments, "--event-log", str(log), check=check, PULUMI_DEBUG_COMMANDS="1")
        printed.extend([outcome.text, *filter(_is_not_a_trace, log.read_text(encoding="utf-8").splitlines())])
        return outcome

    run(*UP)
    first = delivered(project)
    assert query(project, first) == 200
    assert main(["ci", "deliver-secrets", "--stack", "local"]) == 0
    assert on_forge(forge) == first
    assert scope_secret(project, "checkout-client-secret", reader_token(project, first)) == first[1]
    before = project.workspace.writes()
    run(*UP, "--refresh", "--expect-no-changes")
    assert project.workspace.writes() == before

    project.edit("stacks/base.yaml", "generation: 1", "generation: 2")
    run("preview", "--diff")
    run(*UP)
    second, both = delivered(project), secret_ids(project)
    assert (len(both), second[0], second[1] != first[1]) == (2, first[0], True)
    assert [query(project, each) for each in (first, second)] == [200, 200]
    assert "POST /api/2.0/secrets/delete" not in project.workspace.writes()
    forge.failure = Answer(500, {"message": f"could not store {second[1]}"})
    assert main(["ci", "deliver-secrets", "--stack", "local"]) == 1
    forge.failure = None
    assert main(["ci", "deliver-secrets", "--stack", "local"]) == 0
    assert on_forge(forge) == second

    overwritten = {"scope": "callers", "key": "checkout-client-secret", "string_value": "theirs"}
    project.workspace.post("/api/2.0/secrets/put", overwritten)
    run(*UP, "--refresh")
    assert delivered(project) == second

    project.workspace.post("/api/2.0/secrets/scopes/delete", {"scope": "callers"})
    project.edit("stacks/base.yaml", "generation: 2", "generation: 3")
    refused = run(*UP, check=False)
    assert refused.refused
    assert 'Delivery to secret scope "callers": Scope callers does not exist!' in refused.text
    assert both < secret_ids(project), "an old secret was deleted before the new one was delivered"

    run(*UP, "--refresh")
    third = delivered(project)
    assert len(secret_ids(project) & both) == 1
    assert [sign_in(project, each).status_code for each in (first, second, third)] == [401, 200, 200]

    everything = "\n".join([*printed, state(project), *capfd.readouterr()])
    assert "checkout to GitHub acme/checkout, environment prod: delivered (generation 2)" in everything
    assert "checkout-delivery" in everything
    assert [each[1] for each in (first, second, third) if each[1] in everything] == []
    assert not re.search("dose[0-9a-f]{32}", everything)

    project.pulumi("destroy", "--yes", "--skip-preview", "--run-program")
    assert [scope["name"] for scope in project.workspace.get("/api/2.0/secrets/scopes/list")["scopes"]] == ["serving"]
    assert sign_in(project, third).status_code == 401
