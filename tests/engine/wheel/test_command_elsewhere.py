"""The command of the wheel, in an environment that has only what the wheel requires."""

import subprocess
from pathlib import Path

from tests.support.installed_wheel import InstalledWheel


def test_workspace_without_its_extra_ends_with_a_sentence(installed: InstalledWheel, tmp_path: Path) -> None:
    run = subprocess.run(
        [installed.bin / "model-serving", "workspace"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (
        1,
        'The embedded workspace is not installed: install the wheel with the extra "workspace"\n',
    )
