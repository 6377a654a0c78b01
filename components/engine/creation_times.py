"""When each component of a stack came into its state: what earlier runs began, as `pulumi stack export` has it."""

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

_SECONDS: Final = 30
"""How long the export may take. It reads the state and asks no provider."""


def begun(stack: str, kind: str) -> Mapping[str, float]:
    """The time of creation of each component of one type, by name, in seconds since 1970; empty where none is known.

    The engine's own answer (`components/engine/state.py`) has no times, so a process is started: only where something
    live is not in the state, which is rare.
    """
    try:
        export = subprocess.run(
            ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        resources = json.loads(export.stdout)["deployment"].get("resources") or []
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return {}
    return {_name(each): _seconds(each) for each in resources if each["type"] == kind and each.get("created")}


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rpartition("::")[2]


def _seconds(resource: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(resource["created"]).timestamp()
