"""A checkout of its own with nothing but `toolchain/` in it, and programs on PATH that only pretend."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from toolchain.recipe import CHECKOUT

GO = """#!/bin/sh
echo "go $*" >> "$CALLS"
case "$*" in
  env*) printf '%s\\n' "${FAKE_GO:-go1.26.8}" "${FAKE_SWITCHING:-local}" ;;
  *Module.Dir*) echo "$SDK" ;;
  list*) echo 'go: downloading example.org/a v1.0.0' >&2; printf 'package %s\\n' a/b a/b/main ;;
  build*)
    echo a/b
    if [ -n "$FIFO" ]; then exec 3> "$FIFO"; /bin/sleep 120 & echo started >&3; wait; fi
    case "$*" in *"${BREAK:-nothing}.partial"*) echo "a/b/main.go:7: undefined: x"; exit 1 ;; esac
    while [ "$1" != -o ]; do shift; done
    echo built > "$2" ;;
esac
"""

PULUMI = """#!/bin/sh
echo "pulumi $*" >> "$CALLS"
case "$*" in
  version) echo "${FAKE_PULUMI-v3.240.1}" ;;
  "plugin ls --json") echo "${PLUGINS:-[]}" ;;
  "plugin install resource databricks 1.104.0"*)
    if [ -n "$OFFLINE" ]; then echo 'error: no route to host' >&2; exit 255; fi ;;
esac
"""


@dataclass(frozen=True)
class Machine:
    checkout: Path
    programs: Path
    log: Path
    variables: dict[str, str]

    @property
    def built(self) -> Path:
        return self.checkout / ".local" / "toolchain" / "bin"

    def put(self, name: str, script: str) -> None:
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)

    def start(self, command: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            # Without site-packages: it must run before anything is installed.
            [sys.executable, "-S", "-m", "toolchain", command],
            cwd=self.checkout,
            env=self.variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str, **variables: str) -> tuple[int, str, str]:
        process = self.start(command, **variables)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def calls(self, start: str = "") -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith(start)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    checkout, programs, sdk = tmp_path / "checkout", tmp_path / "programs", tmp_path / "sdk" / "python"
    shutil.copytree(CHECKOUT / "toolchain", checkout / "toolchain", ignore=shutil.ignore_patterns("__pycache__"))
    programs.mkdir()
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-analyzer-policy-python"):
        (sdk / script).parent.mkdir(parents=True)
        (sdk / script).write_text("#!/bin/sh\n")
    (sdk / "dist" / "pulumi-resource-pulumi-python").write_text("#!/bin/sh\n")
    log = tmp_path / "calls"
    variables = {"PATH": str(programs), "HOME": str(tmp_path), "CALLS": str(log), "SDK": str(sdk.parent)}
    return Machine(checkout, programs, log, variables)


@pytest.fixture
def with_go(machine: Machine) -> Machine:
    machine.put("go", GO)
    return machine


@pytest.fixture
def with_pulumi(machine: Machine) -> Machine:
    machine.put("pulumi", PULUMI)
    return machine


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path
