"""What decides on a preview, beside the state and the workspace: files, versions and secrets in the state."""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import model_serving
from model_serving.review.plan.deciding_files import deciding_files
from model_serving.review.plan.preview import DecidedBy

_TIMEOUT: Final = 30.0
"""Seconds that `pulumi version` may take."""


def decided_by(folder: Path, stack: str, packs: Sequence[str], state_secrets: str = "") -> DecidedBy:
    """The files and versions that decide on a preview of a stack, as they are now."""
    versions = {"pulumi": _engine_version(), "model-serving": model_serving.__version__}
    return DecidedBy(deciding_files(folder, stack, packs), versions, state_secrets)


@cache
def _engine_version() -> str:
    """The version of the engine on PATH; empty where it doesn't tell."""
    try:
        ran = subprocess.run(["pulumi", "version"], capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip().removeprefix("v")
