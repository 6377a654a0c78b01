"""The wheel, built from the checkout and installed into an environment that has nothing else."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.running_workspace import PROJECT

TOOLS = PROJECT / ".local" / "tools" / "bin"
"""Where `make tools` puts the programs that build, install and check."""


@dataclass(frozen=True)
class InstalledWheel:
    """A virtual environment with the wheel, in a folder of its own."""

    folder: Path

    @property
    def environment(self) -> Path:
        return self.folder / "environment"

    @property
    def bin(self) -> Path:
        return self.environment / "bin"


def install_wheel(folder: Path) -> InstalledWheel:
    """Build and install the wheel in that folder, unless that is done already."""
    installed = InstalledWheel(folder)
    ready = folder / "ready"
    if not ready.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _install(installed)
        ready.touch()
    return installed


def _install(installed: InstalledWheel) -> None:
    folder, python = installed.folder, installed.bin / "python"
    succeed(TOOLS / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=PROJECT)
    succeed(TOOLS / "virtualenv", "--quiet", installed.environment, folder=folder)
    (wheel,) = folder.glob("*.whl")
    # By uv, which takes a thirtieth of pip's CPU time; the test of the hook installs the project with pip.
    options = ("--quiet", "--python", python, "--constraint", constraints(folder))
    succeed(TOOLS / "uv", "pip", "install", *options, wheel, folder=folder)


def constraints(folder: Path) -> Path:
    """Write the locked versions into that folder, without hashes: the wheel itself has none in the lock file."""
    file = folder / "constraints.txt"
    lock = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    file.write_text("\n".join(re.findall(r"^\S+==\S+", lock, re.MULTILINE)), encoding="utf-8")
    return file


def succeed(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command that must succeed, and return what it prints."""
    outcome = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout
    return outcome.stdout
