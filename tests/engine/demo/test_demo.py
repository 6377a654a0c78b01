"""`make demo` succeeds, and changes no file of the user."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running_workspace import PROJECT


def _share_plugins(home: Path) -> None:
    """An official Pulumi has its Databricks plugin in its home, and may not be able to download it again."""
    home.mkdir()
    installed = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"
    if installed.is_dir():
        (home / "plugins").symlink_to(installed, target_is_directory=True)


@pytest.mark.usefixtures("engine")
def test_demo_succeeds_and_leaves_user_files_alone(tmp_path: Path) -> None:
    planted = "planted-token-of-the-user"
    (tmp_path / ".databrickscfg").write_text(f"[DEFAULT]\nhost = http://127.0.0.1:9\ntoken = {planted}\n")
    _share_plugins(tmp_path / ".pulumi")
    before = sorted(tmp_path.rglob("*"))
    run = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=PROJECT,
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "PULUMI_HOME": "",
            "DATABRICKS_TOKEN": planted,
            "DATABRICKS_HOST": "http://127.0.0.1:9",
            "PULUMI_BACKEND_URL": "file:///nowhere",
            # The language host runs `pip list`, and pip notes in the home when it last looked for a newer release.
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "The workspace received no write" in run.stdout
    assert run.stdout.count("Rejected with exit status ") == 2
    assert "The endpoint is unchanged" in run.stdout
    assert "No endpoint remains in the workspace" in run.stdout
    assert "Traceback" not in run.stdout
    assert planted not in run.stdout
    assert sorted(tmp_path.rglob("*")) == before
