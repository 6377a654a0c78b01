"""Reads of a workspace with a provider's credentials, and the answers that make it unreadable."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.sdk import sdk
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH
from model_serving.policies.live.endpoints import Endpoints, UnreadableError
from model_serving.policies.live.workspaces import WorkspaceReader, live_endpoint, require_workspace
from model_serving.policies.pack.rule import Registered, Resource
from model_serving.policies.rules.quotas import endpoint_quota
from tests.support.raw_program import create_endpoint, post, reads
from tests.support.running_workspace import RunningWorkspace, running_workspace

SECONDS = 2


@pytest.fixture(scope="module", autouse=True)
def imported_sdk() -> None:
    """Imported before the clock runs: the bound is on the workspace, and a busy machine takes longer to import it."""
    sdk()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    database = tmp_path_factory.mktemp("client") / "workspace.db"
    with running_workspace(database, "--ready-after", "0", "--limit", "changes=100") as running:
        create_endpoint(running, "fraud", route_optimized=True)
        yield running


@pytest.fixture(autouse=True)
def nothing_of_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workspace: RunningWorkspace
) -> Iterator[None]:
    for name in ("HOST", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", "CONFIG_PROFILE"):
        monkeypatch.delenv(f"DATABRICKS_{name}", raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "no-profiles"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield
    workspace._call("DELETE", "/_workspace/faults")  # noqa: SLF001


def client(**provider: Any) -> WorkspaceReader:
    return WorkspaceReader(provider, SECONDS)


def fault(workspace: RunningWorkspace, **rule: Any) -> None:
    post(workspace, "/_workspace/faults", {"pattern": f"GET {ENDPOINTS_PATH}/fraud", "times": -1, **rule})


def test_provider_settings_choose_host_and_caller(workspace: RunningWorkspace) -> None:
    found = client(host=workspace.url, token=workspace.token).get(f"{ENDPOINTS_PATH}/fraud")
    assert found
    assert (found["name"], found["route_optimized"]) == ("fraud", True)


def test_oauth_secret_of_the_provider_signs_in(workspace: RunningWorkspace) -> None:
    principal = post(workspace, "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "reader"})
    secret = post(workspace, f"/api/2.0/accounts/servicePrincipals/{principal['id']}/credentials/secrets", {})
    reader = client(host=workspace.url, clientId=principal["applicationId"], clientSecret=secret["secret"])
    assert reader.get(ENDPOINTS_PATH) == {"endpoints": []}
    with pytest.raises(UnreadableError, match="does not have permission 'View' on Endpoint fraud"):
        reader.get(f"{ENDPOINTS_PATH}/fraud")


def test_environment_completes_provider_settings(workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", workspace.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token)
    assert client(rateLimit="50").get(f"{ENDPOINTS_PATH}/fraud")


def test_profile_completes_provider_settings(
    workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profiles = tmp_path / "profiles"
    profiles.write_text(f"[team]\nhost = {workspace.url}\ntoken = {workspace.token}\n", encoding="utf-8")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(profiles))
    assert client(profile="team").get(f"{ENDPOINTS_PATH}/fraud")


def test_absent_endpoint_is_none(workspace: RunningWorkspace) -> None:
    assert client(host=workspace.url, token=workspace.token).get(f"{ENDPOINTS_PATH}/nothing") is None


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"status": 401, "error_code": "UNAUTHENTICATED", "message": "no token"}, "no token"),
        ({"status": 403, "error_code": "PERMISSION_DENIED", "message": "not yours"}, "not yours"),
        ({"status": 404, "error_code": "FEATURE_DISABLED", "message": "not enabled"}, "not enabled"),
        ({"status": 404, "error_code": "ENDPOINT_NOT_FOUND", "message": "no such API"}, "no such API"),
        ({"status": 500, "message": "broken"}, "broken"),
        ({"status": 429, "error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}, r"answers 429 \(slow down\)"),
        ({"status": 503, "error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"}, r"answers 503 \(later\)"),
    ],
    ids=["401", "403", "404-feature", "404-api", "500", "429", "503"],
)
def test_any_other_error_is_unreadable(workspace: RunningWorkspace, rule: dict[str, Any], message: str) -> None:
    reader = client(host=workspace.url, token=workspace.token)
    fault(workspace, **rule)
    with pytest.raises(UnreadableError, match=message):
        reader.get(f"{ENDPOINTS_PATH}/fraud")


def test_throttled_read_is_retried(workspace: RunningWorkspace) -> None:
    reader = client(host=workspace.url, token=workspace.token)
    fault(workspace, status=429, error_code="REQUEST_LIMIT_EXCEEDED", times=1)
    assert reader.get(f"{ENDPOINTS_PATH}/fraud")


def test_wrong_token_is_unreadable(workspace: RunningWorkspace) -> None:
    with pytest.raises(UnreadableError):
        client(host=workspace.url, token="dapi-of-nobody").get(f"{ENDPOINTS_PATH}/fraud")


def test_silent_host_is_unreadable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreadableError, match=f"^The workspace {host} does not answer: timed out$"):
            client(host=host, token="x").get(ENDPOINTS_PATH)


def test_contradicting_credentials_are_reported(workspace: RunningWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "app")
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "secret")
    with pytest.raises(UnreadableError, match="databricks:token and DATABRICKS_CLIENT_ID with"):
        client(host=workspace.url, token=workspace.token)


def test_journal_has_one_read_of_each_endpoint(workspace: RunningWorkspace) -> None:
    names = [f"together-{n}" for n in range(40)]
    for name in names:
        create_endpoint(workspace, name, route_optimized=False)
    before = len(reads(workspace))
    endpoints = Endpoints(lambda: client(host=workspace.url, token=workspace.token), is_preview=True)
    assert [endpoint and endpoint.name for endpoint in map(endpoints.read, names)] == names
    seen = reads(workspace)[before:]
    assert seen[0] == ENDPOINTS_PATH
    assert set(seen[1:]) - {f"{ENDPOINTS_PATH}/fraud"} == {f"{ENDPOINTS_PATH}/{name}" for name in names}
    assert len(seen) <= 1 + len(names) + 1
    assert endpoints.waits <= 7


def answers(seconds: int = SECONDS, **provider: Any) -> None:
    require_workspace(provider, seconds)


def test_answering_workspace_passes_the_probe(workspace: RunningWorkspace) -> None:
    answers(host=workspace.url, token="of nobody: the provider explains that")


def test_provider_without_host_passes_the_probe() -> None:
    answers(profile="there is none")


def test_refused_connection_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    message = "^The workspace http://127.0.0.1:1 does not answer: .*Connection refused"
    profiles = tmp_path / "profiles"
    profiles.write_text("[team]\nhost = http://127.0.0.1:1\ntoken = x\n", encoding="utf-8")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(profiles))
    with pytest.raises(UnreadableError, match=message):
        answers(profile="team")
    monkeypatch.setenv("DATABRICKS_HOST", "http://127.0.0.1:1")
    with pytest.raises(UnreadableError, match=message):
        answers()


def test_silent_host_fails_the_probe() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreadableError, match=f"^The workspace {host} does not answer: timed out$"):
            answers(host=host)


def test_unavailable_host_has_time_to_recover(workspace: RunningWorkspace) -> None:
    unavailable = {"pattern": "GET /.well-known/*", "status": 503, "body": "no healthy upstream"}
    post(workspace, "/_workspace/faults", {**unavailable, "times": 1})
    answers(host=workspace.url)
    post(workspace, "/_workspace/faults", {**unavailable, "times": -1})
    with pytest.raises(
        UnreadableError,
        match=r"^The workspace .* answers 503 \(no healthy upstream\) to GET /\.well-known/databricks-config",
    ):
        answers(host=workspace.url)


def test_lost_connection_of_the_probe_is_retried(workspace: RunningWorkspace) -> None:
    post(workspace, "/_workspace/faults", {"pattern": "GET /.well-known/*", "reset": True})
    answers(host=workspace.url)


def test_quota_and_reads_share_one_listing(workspace: RunningWorkspace) -> None:
    provider = {"host": workspace.url, "token": workspace.token}
    count = len(workspace.get(ENDPOINTS_PATH)["endpoints"])
    before = len(reads(workspace))
    assert live_endpoint("fraud", provider, is_preview=True, seconds=SECONDS)
    declared = Resource(MODEL_SERVING, "new", "urn:new", {"name": "new"}, provider=provider)
    assert endpoint_quota.check_stack
    ((_, violation),) = endpoint_quota.check_stack([Registered(declared)], {"endpoints": 1})
    assert violation.message.startswith(f"Endpoints in the workspace: {count} -> {count + 1} of 1,")
    assert reads(workspace)[before:].count(ENDPOINTS_PATH) == 1


def test_404_without_a_code_means_absent(workspace: RunningWorkspace) -> None:
    fault(workspace, status=404, body='{"message": "Endpoint fraud does not exist"}')
    assert client(host=workspace.url, token=workspace.token).get(f"{ENDPOINTS_PATH}/fraud") is None


def test_404_of_another_server_is_reported(workspace: RunningWorkspace) -> None:
    fault(workspace, status=404, body="<html>Not here</html>")
    with pytest.raises(UnreadableError, match="is not that of a Databricks workspace"):
        client(host=workspace.url, token=workspace.token).get(f"{ENDPOINTS_PATH}/fraud")
