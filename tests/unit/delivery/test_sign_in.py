"""No credential is sent for a stack file that names another workspace, or that changes how the job signs in."""

import shutil
import subprocess
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.delivery.sign_in import NotReadyError, require_ready

HOST = "https://prod.cloud.databricks.example"
JOB = {
    "DATABRICKS_AUTH_TYPE": "github-oidc",
    "DATABRICKS_HOST": HOST,
    "DATABRICKS_CLIENT_ID": "0123",
    "PULUMI_BACKEND_URL": "s3://state",
}
PROJECT = Path(__file__).resolve().parents[3]
FILE = "stacks/Pulumi.prod.yaml"
SALT = "encryptionsalt: v1:abc\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    with (tmp_path / FILE).open("a") as file:
        file.write(SALT)
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reasons(repository: Path, base: str = "HEAD", **variables: str) -> list[str]:
    environment = {name: value for name, value in {**JOB, **variables}.items() if value}
    with pytest.raises(NotReadyError) as refused:
        require_ready("prod", repository, environment, base)
    first, *others = str(refused.value).splitlines()
    assert first == "Stack prod: this job does not sign in; no credential was sent"
    return others


def write(repository: Path, old: str, new: str) -> None:
    text = (repository / FILE).read_text()
    assert old in text
    (repository / FILE).write_text(text.replace(old, new))


@pytest.mark.parametrize("host", [HOST, HOST + "/", HOST.upper().replace("HTTPS", "https")])
def test_the_environment_s_workspace_is_accepted(repository: Path, host: str) -> None:
    require_ready("prod", repository, {**JOB, "DATABRICKS_HOST": host}, "HEAD")


@pytest.mark.parametrize(
    "host", ["https://evil.example", "{secure: v1:abc}", HOST + ".evil.example", "https://x@evil.example", "[]"]
)
def test_a_foreign_host_is_refused(repository: Path, host: str) -> None:
    write(repository, f"host: {HOST}", f"host: {host}")
    (reason,) = reasons(repository)
    assert f"this environment's DATABRICKS_HOST is {HOST}" in reason


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("databricks:config:host: https://evil.example", "databricks:config:host"),
        ("databricks:skipVerify: true", "databricks:skipVerify"),
        ("databricks:skipVerify: 1", "databricks:skipVerify"),
        ("databricks:rateLimit: https://evil.example", "databricks:rateLimit"),
        ("databricks:token: x", "databricks:token"),
        ("pulumi:disable-default-providers: ['*']", "pulumi:disable-default-providers"),
    ],
)
def test_a_changed_setting_of_sign_in_is_refused(repository: Path, setting: str, key: str) -> None:
    write(repository, "config:\n", f"config:\n  {setting}\n")
    (reason,) = reasons(repository)
    assert f"{FILE}: {key} differs from the base branch" in reason
    require_ready("prod", repository, JOB)  # merged by somebody with access


@pytest.mark.parametrize("key", ["secretsprovider", "environment"])
def test_a_changed_secrets_provider_is_refused(repository: Path, key: str) -> None:
    write(repository, SALT, f"{SALT}{key}: hashivault://evil\n")
    (reason,) = reasons(repository)
    assert f"{key} differs from the base branch" in reason


@pytest.mark.parametrize(
    ("old", "new"),
    [("Medium", "Large"), ("config:\n", "config:\n  databricks:retryTimeoutSeconds: 60\n"), (SALT, SALT.upper())],
)
def test_other_edits_are_accepted(repository: Path, old: str, new: str) -> None:
    write(repository, old, new if old != SALT else "encryptionsalt: v1:def\n")
    require_ready("prod", repository, JOB, "HEAD")


def test_two_hosts_in_one_file_are_refused(repository: Path) -> None:
    write(repository, "config:\n", "config:\n  databricks:host: https://evil.example\n")
    assert any("can't be read" in reason for reason in reasons(repository))


def test_a_file_without_salt_is_reported(repository: Path) -> None:
    write(repository, SALT, "")
    (reason,) = reasons(repository)
    assert reason == (
        f"  {FILE} has no encryptionsalt, so each run would create another key. Create it once and commit the file:"
        " pulumi stack init prod"
    )
    require_ready("prod", repository, {**JOB, "PULUMI_BACKEND_URL": "https://api.pulumi.com"}, "HEAD")


def test_missing_variables_are_reported_together(repository: Path) -> None:
    found = reasons(repository, DATABRICKS_HOST="", DATABRICKS_CLIENT_ID="", PULUMI_BACKEND_URL="")
    assert [reason.split()[0] for reason in found] == [
        "DATABRICKS_HOST",
        "DATABRICKS_CLIENT_ID",
        "Neither",
        f"{FILE}:",
    ]


def test_a_deleted_stack_keeps_the_base_s_settings(repository: Path) -> None:
    (repository / FILE).unlink()
    require_ready("prod", repository, JOB, "HEAD")
    (reason,) = reasons(repository, DATABRICKS_HOST="https://other.example")
    assert HOST in reason


def test_the_command_refuses_with_status_1(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**JOB, "DATABRICKS_HOST": "https://other.example"}.items():
        monkeypatch.setenv(name, value)
    assert repository.exists()
    assert main(["ci", "ready", "--stack", "prod", "--base", "HEAD"]) == 1
    assert "no credential was sent" in capsys.readouterr().err
