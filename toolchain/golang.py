"""The Go for the build, and its environment."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolchain import versions
from toolchain.errors import ToolchainError

REQUIRED = ".".join(map(str, versions.GO))
# The user's settings for builds (platform, workspace file, flags) must not apply to this one.
FIXED = {"GOFLAGS": "-buildvcs=false -mod=readonly", "GOWORK": "off", "GO111MODULE": "on"}
FOREIGN = ("GOOS", "GOARCH")


def usable_go() -> Path | None:
    """The Go on PATH, or None. Raises ToolchainError if it is too old."""
    go = shutil.which("go")
    if go is None:
        return None
    version, switching = _version_and_switching(go)
    if version >= versions.GO:
        return Path(go)
    name = f"Go {'.'.join(map(str, version))} at {go}" if version else f"{go}, which prints no version,"
    if version < versions.GO_THAT_SWITCHES:
        raise ToolchainError(f"{name} can't build the engine: install Go {REQUIRED} or newer from https://go.dev/dl/")
    if switching != "path" and not switching.endswith("auto"):
        raise ToolchainError(
            f"{name} can't build the engine, and GOTOOLCHAIN={switching} prevents the download of a newer one: "
            f"set GOTOOLCHAIN=auto, or install Go {REQUIRED} or newer from https://go.dev/dl/"
        )
    return Path(go)


def _version_and_switching(go: str) -> tuple[tuple[int, ...], str]:
    # In the root folder, no go.mod can make Go switch to another version first.
    command = [go, "env", "GOVERSION", "GOTOOLCHAIN"]
    process = subprocess.run(command, cwd="/", env=go_environment(), capture_output=True, text=True, check=False)
    version, switching = ([*process.stdout.splitlines(), "", ""])[:2]
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    return tuple(map(int, numbers.groups())) if numbers else (), switching or "local"


def go_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for Go, without what would change a build."""
    return {name: value for name, value in base.items() if name not in FOREIGN} | FIXED
