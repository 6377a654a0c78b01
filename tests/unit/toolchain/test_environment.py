"""Nothing of the user's reaches Pulumi, and what a shell reads is what a program gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolchain import environment
from toolchain.build import BIN
from toolchain.environment import pulumi_environment, shell_lines

if TYPE_CHECKING:
    from tests.unit.toolchain.conftest import Machine

THEIRS = {
    "PATH": "/usr/bin:/bin",
    "EDITOR": "vi",
    "PULUMI_ACCESS_TOKEN": "pul-1",
    "PULUMI_STACK": "prod",
    "PULUMI_BACKEND_URL": "https://example.org",
    "DATABRICKS_HOST": "https://example.org",
    "DATABRICKS_CONFIG_PROFILE": "PROD",
    "ARM_CLIENT_SECRET": "s",
}


@pytest.fixture(params=[True, False], ids=["built", "official"])
def built(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(environment, "is_built", lambda: request.param)
    return bool(request.param)


def test_user_settings_are_replaced(tmp_path: Path, built: bool) -> None:
    found = pulumi_environment(tmp_path, THEIRS)
    path = found.pop("PATH").split(os.pathsep)
    assert found == {
        "EDITOR": "vi",
        "PULUMI_HOME": str(tmp_path),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_RUN_PROGRAM": "true",
        "DATABRICKS_CONFIG_FILE": str(tmp_path / "no-databricks-profiles"),
    } | ({"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"} if built else {})
    assert path[1:] == ([str(BIN)] if built else []) + ["/usr/bin", "/bin"]
    assert (tmp_path / "state").is_dir()
    assert not (tmp_path / "no-databricks-profiles").exists()


def test_virtual_environment_is_first_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    assert pulumi_environment(tmp_path, THEIRS)["PATH"].startswith(f"{Path(sys.executable).parent}{os.pathsep}")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    assert pulumi_environment(tmp_path, THEIRS)["PATH"].startswith(f"{tmp_path}/.venv/bin{os.pathsep}")


def test_nested_environment_does_not_grow(tmp_path: Path, built: bool) -> None:
    once = pulumi_environment(tmp_path, THEIRS)
    assert pulumi_environment(tmp_path, once) == once, f"built: {built}"


def test_other_builds_leave_the_path(tmp_path: Path) -> None:
    (tmp_path / "toolchain-recipe.sha256").write_text("")
    path = pulumi_environment(tmp_path / "home", {"PATH": f"{tmp_path}:/bin"})["PATH"].split(os.pathsep)
    assert str(tmp_path) not in path
    assert path[-1] == "/bin"


def test_state_url_is_escaped(tmp_path: Path) -> None:
    home = tmp_path / "a b%20c"
    assert pulumi_environment(home, THEIRS)["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/a%20b%2520c/state"


def test_loopback_bypasses_the_proxy(tmp_path: Path) -> None:
    found = pulumi_environment(tmp_path, {**THEIRS, "HTTPS_PROXY": "http://proxy:1", "no_proxy": "example.org"})
    assert found["NO_PROXY"] == found["no_proxy"] == "127.0.0.1,localhost,example.org"


def test_official_pulumi_uses_users_plugins(tmp_path: Path, built: bool) -> None:
    theirs = tmp_path / "theirs" / "plugins"
    theirs.mkdir(parents=True)
    base = {**THEIRS, "PULUMI_HOME": str(theirs.parent)}
    first = pulumi_environment(tmp_path / "ours", base)
    second = pulumi_environment(tmp_path / "others", first)
    links = [home / "plugins" for home in (tmp_path / "ours", tmp_path / "others")]
    assert [link.is_symlink() and link.resolve() == theirs for link in links] == [not built] * 2
    assert pulumi_environment(tmp_path / "ours", second)["PULUMI_HOME"] == str(tmp_path / "ours")


def test_shell_gets_same_environment(tmp_path: Path, built: bool) -> None:
    home = tmp_path / "it's $HOME; `id`"
    dump = f"'{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    script = "\n".join([*shell_lines(home, THEIRS), dump])
    answer = subprocess.run(["/bin/sh", "-c", script], env=THEIRS, capture_output=True, text=True, check=True)
    expected = pulumi_environment(home, THEIRS)
    found = {name: value for name, value in json.loads(answer.stdout).items() if name in {*expected, *THEIRS}}
    assert (found, answer.stderr) == (expected, ""), f"built: {built}"


def test_invalid_shell_name_is_skipped(tmp_path: Path) -> None:
    lines = shell_lines(tmp_path, {"PATH": "/bin", "DATABRICKS_A-B": "x", "DATABRICKS_TOKEN": "x"})
    unset = [line for line in lines if line.startswith("unset")]
    assert unset == ["unset DATABRICKS_TOKEN", "unset PULUMI_ACCESS_TOKEN", "unset PULUMI_STACK"]


def test_missing_profile_file_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = pytest.importorskip("databricks.sdk.config")
    profiles = tmp_path / ".databrickscfg"
    profiles.write_text("[DEFAULT]\nhost = http://127.0.0.1:1\ntoken = theirs\n")
    for name, value in pulumi_environment(tmp_path / "home", {"PATH": "/bin", "HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="cannot configure default credentials"):
        config.Config()


def test_env_without_engine_prints_error(machine: Machine) -> None:
    assert machine.run("env") == (1, "", "No Pulumi engine is installed: run `python -m toolchain install`\n")


def test_env_command_prints_export_lines(with_go: Machine) -> None:
    with_go.run("install")
    status, out, _ = with_go.run("env", DATABRICKS_TOKEN="theirs")
    lines = out.splitlines()
    assert status == 0
    assert "unset DATABRICKS_TOKEN" in lines
    assert f"export PULUMI_HOME={with_go.checkout}/.local/pulumi" in lines
    assert "export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true" in lines
