"""What only `pulumi stack export` has of the stack's state: creation times, and how a resource may be deleted.

The engine's own answer (`components/engine/state.py`) lacks both. The process is started only in rare runs: where a
declared endpoint is live and not in the state, or where an endpoint is retired.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_TIMEOUT_SECONDS: Final = 30
"""How long the export may take. It reads the state and calls no provider."""


@dataclass(frozen=True)
class DeletionOptions:
    """Options of a resource in the state that decide what its deletion does."""

    protect: bool = False
    retain_on_delete: bool = False


def creation_times(stack: str, resource_type: str) -> Mapping[str, float]:
    """Creation times of the resources of one type by name, in seconds since 1970; empty if the export fails."""
    return {
        name: datetime.fromisoformat(each["created"]).timestamp()
        for name, each in _exported(stack, resource_type)
        if each.get("created")
    }


def deletion_options(stack: str, resource_type: str) -> Mapping[str, DeletionOptions]:
    """The options of the resources of one type by name; empty if the export fails."""
    return {
        name: DeletionOptions(bool(each.get("protect")), bool(each.get("retainOnDelete")))
        for name, each in _exported(stack, resource_type)
    }


def _exported(stack: str, resource_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
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
        return
    yield from ((str(each["urn"]).rpartition("::")[2], each) for each in resources if each["type"] == resource_type)
