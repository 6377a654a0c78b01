"""Is there a Go that can build the programs, and the environment in which it does."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolchain import versions
from toolchain.errors import ToolchainError

WANTED = ".".join(map(str, versions.GO))
# What a user has set for own builds (another platform, a workspace file, other flags) must not change ours.
FIXED = {"GOFLAGS": "-buildvcs=false -mod=readonly", "GOWORK": "off", "GO111MODULE": "on"}
FOREIGN = ("GOOS", "GOARCH")


def usable_go() -> Path | None:
    """The Go on PATH, None without one, ToolchainError when it is too old."""
    found = shutil.which("go")
    if found is None:
        return None
    version, switching = _version_and_switching(found)
    if version >= versions.GO:
        return Path(found)
    name = f"Go {'.'.join(map(str, version))} at {found}" if version else f"{found} doesn't tell its version and"
    if version < versions.GO_THAT_SWITCHES:
        raise ToolchainError(
            f"{name} can't build the engine: Go {WANTED} or newer is needed; install it from https://go.dev/dl/"
        )
    if switching != "path" and not switching.endswith("auto"):
        raise ToolchainError(
            f"{name} can't build the engine: Go {WANTED} or newer is needed, and GOTOOLCHAIN={switching} keeps Go from "
            f"fetching it; set GOTOOLCHAIN=auto or install Go {WANTED} from https://go.dev/dl/"
        )
    return Path(found)


def _version_and_switching(go: str) -> tuple[tuple[int, ...], str]:
    # At the root no go.mod is near that would make Go switch to another version before it answers.
    command = [go, "env", "GOVERSION", "GOTOOLCHAIN"]
    answer = subprocess.run(command, cwd="/", env=go_environment(), capture_output=True, text=True, check=False)
    version, switching = ([*answer.stdout.splitlines(), "", ""])[:2]
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    return tuple(map(int, numbers.groups())) if numbers else (), switching or "local"


def go_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for Go, without what would change a build."""
    return {name: value for name, value in base.items() if name not in FOREIGN} | FIXED
