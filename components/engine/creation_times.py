"""When each component was first recorded in the stack's state, from `pulumi stack export`."""

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import Final

_TIMEOUT_SECONDS: Final = 30
"""How long the export may take. It reads the state and calls no provider."""


def creation_times(stack: str, resource_type: str) -> Mapping[str, float]:
    """Creation times of the components of one type by name, in seconds since 1970; empty if the export fails.

    The engine's own answer (`components/engine/state.py`) has no times. The process is started only if a declared
    endpoint is live and not in the state, which is rare.
    """
    try:
        export = subprocess.run(
            ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
        resources = json.loads(export.stdout)["deployment"].get("resources") or []
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return {}
    return {
        str(each["urn"]).rpartition("::")[2]: datetime.fromisoformat(each["created"]).timestamp()
        for each in resources
        if each["type"] == resource_type and each.get("created")
    }
