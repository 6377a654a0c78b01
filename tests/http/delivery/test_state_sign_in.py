"""Sign-in to the state's backend: GitHub's OIDC token becomes what each cloud's SDK reads."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from model_serving.cli import ci_jobs
from model_serving.cli.main import main
from model_serving.delivery.state_sign_in import (
    SignInError,
    must_be_renewed,
    state_sign_in,
    write_secret,
    write_token,
)

AWS = {"PULUMI_BACKEND_URL": "s3://state?region=eu-west-1", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_REGION": "eu"}
AZURE = {
    "PULUMI_BACKEND_URL": "azblob://state",
    "AZURE_CLIENT_ID": "c",
    "AZURE_TENANT_ID": "t",
    "AZURE_STORAGE_ACCOUNT": "a",
}
GOOGLE = {
    "PULUMI_BACKEND_URL": "gs://state",
    "GCP_WORKLOAD_IDENTITY_PROVIDER": "projects/1/locations/global/workloadIdentityPools/p/providers/r",
    "GCP_SERVICE_ACCOUNT": "s@p.iam.gserviceaccount.com",
}


@pytest.fixture(scope="module")
def github() -> Iterator[dict[str, str]]:
    """A job's variables for GitHub's token service, whose token names its audience."""

    class Tokens(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers["Authorization"] == "Bearer request-token"
            body = json.dumps({"value": self.path.partition("audience=")[2]} if allowed else {}).encode()
            self.send_response(200 if allowed else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/token?api-version=1"
    yield {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token"}
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("variables", "name", "audience"),
    [
        (AWS, "AWS_WEB_IDENTITY_TOKEN_FILE", "sts.amazonaws.com"),
        (AZURE, "AZURE_FEDERATED_TOKEN_FILE", "api://AzureADTokenExchange"),
    ],
    ids=["S3", "Azure"],
)
def test_the_token_file_has_the_cloud_s_audience(
    variables: dict[str, str], name: str, audience: str, github: dict[str, str], tmp_path: Path
) -> None:
    environment = {**variables, **github}
    found = state_sign_in(environment, tmp_path)
    write_token(environment, found)
    file = Path(found.variables[name])
    assert (file.read_text(), file.stat().st_mode & 0o777) == (audience, 0o600)
    assert must_be_renewed(environment, found)


def test_google_asks_for_fresh_tokens_itself(github: dict[str, str], tmp_path: Path) -> None:
    found = state_sign_in({**GOOGLE, **github}, tmp_path)
    file = Path(found.variables["GOOGLE_APPLICATION_CREDENTIALS"])
    written = json.loads(file.read_text())
    provider = f"//iam.googleapis.com/{GOOGLE['GCP_WORKLOAD_IDENTITY_PROVIDER']}"
    assert (written["type"], written["audience"]) == ("external_account", provider)
    assert written["credential_source"]["url"].endswith(f"&audience=https:{provider}")
    assert written["credential_source"]["headers"] == {"Authorization": "Bearer request-token"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert not must_be_renewed(github, found)


@pytest.mark.parametrize("variables", [AWS, AZURE, GOOGLE], ids=["S3", "Azure", "Google"])
def test_gitlab_s_token_is_written_as_it_is(variables: dict[str, str], tmp_path: Path) -> None:
    environment = {**variables, "STATE_OIDC_TOKEN": "a.b.c"}
    found = state_sign_in(environment, tmp_path)
    write_token(environment, found)
    assert found.token_file is not None
    assert found.token_file.read_text() == "a.b.c"
    assert not must_be_renewed(environment, found)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({**AWS, "AWS_ROLE_ARN": ""}, "The state is in S3, and this job lacks AWS_ROLE_ARN, the permission `id-token"),
        ({"PULUMI_BACKEND_URL": "gs://s"}, "lacks GCP_WORKLOAD_IDENTITY_PROVIDER, GCP_SERVICE_ACCOUNT, the permission"),
        ({}, "The state is in Pulumi Cloud, and this job lacks PULUMI_ACCESS_TOKEN"),
        (
            {"PULUMI_BACKEND_URL": "ftp://s"},
            "PULUMI_BACKEND_URL begins with ftp://; known are s3, azblob, gs and https",
        ),
    ],
)
def test_missing_variables_are_named(environment: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(SignInError, match=r".") as refused:
        state_sign_in(environment, tmp_path)
    assert message in str(refused.value)


def test_a_refused_token_is_one_sentence(github: dict[str, str], tmp_path: Path) -> None:
    environment = {**AWS, **github, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "planted"}
    with pytest.raises(SignInError, match=r"GitHub gives this job no OIDC token") as refused:
        write_token(environment, state_sign_in(environment, tmp_path))
    assert "planted" not in str(refused.value)


def test_later_steps_get_the_variables(
    github: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    fake = SimpleNamespace(DEVNULL=subprocess.DEVNULL, Popen=lambda command, **_: started.append(command))
    monkeypatch.setattr(ci_jobs, "subprocess", fake)
    for name, value in {**AWS, **github, "RUNNER_TEMP": str(tmp_path), "GITHUB_ENV": str(tmp_path / "env")}.items():
        monkeypatch.setenv(name, value)
    assert main(["ci", "sign-in"]) == 0
    lines = (tmp_path / "env").read_text().splitlines()
    assert f"AWS_WEB_IDENTITY_TOKEN_FILE={tmp_path}/aws-token" in lines
    assert started[0][-1] == "--keep-fresh"
    monkeypatch.delenv("GITHUB_ENV")
    capsys.readouterr()
    assert main(["ci", "sign-in"]) == 0
    printed = capsys.readouterr().out
    shell = subprocess.run(["sh", "-c", f"{printed}\nenv"], capture_output=True, text=True, check=True).stdout
    assert f"AWS_WEB_IDENTITY_TOKEN_FILE={tmp_path}/aws-token" in shell.splitlines()


def test_a_token_is_replaced_at_once(tmp_path: Path) -> None:
    file = tmp_path / "token"
    write_secret(file, "first")
    write_secret(file, "second")
    assert (file.read_text(), [*tmp_path.iterdir()]) == ("second", [file])
    assert file.stat().st_mode & 0o077 == 0


def test_no_planted_file_gets_a_token(tmp_path: Path) -> None:
    stolen = tmp_path / "stolen"
    stolen.touch(mode=0o666)
    for name in ("token", "token.new"):
        (tmp_path / name).symlink_to(stolen)
    write_secret(tmp_path / "token", "of the job")
    assert stolen.read_text() == ""
    assert (tmp_path / "token").read_text() == "of the job"
    assert not (tmp_path / "token").is_symlink()


def test_jobs_of_one_machine_share_no_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RUNNER_TEMP", raising=False)
    monkeypatch.delenv("GITHUB_ENV", raising=False)
    for name, value in {**AWS, "STATE_OIDC_TOKEN": "token"}.items():
        monkeypatch.setenv(name, value)
    assert main(["ci", "sign-in"]) == main(["ci", "sign-in"]) == 0
    files = [line for line in capsys.readouterr().out.splitlines() if "TOKEN_FILE" in line]
    assert len(set(files)) == 2
    for line in files:
        shutil.rmtree(Path(line.partition("=")[2]).parent)
