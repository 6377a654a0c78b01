"""What decides on a preview, beside its plan: files, versions, the workspace and secrets in the state."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import model_serving
from model_serving.review.plan.deciding_files import deciding_files
from model_serving.review.plan.preview import DecidedBy
from model_serving.spec.files.listing import stack_file
from model_serving.spec.files.provider_settings import provider_settings

_TIMEOUT: Final = 30.0
"""Seconds that `pulumi version` may take."""


def decided_by(folder: Path, stack: str, packs: Sequence[str], state_secrets: str = "") -> DecidedBy:
    """The files and versions that decide on a preview of a stack, as they are now."""
    versions = {"pulumi": _engine_version(shutil.which("pulumi")), "model-serving": model_serving.__version__}
    return DecidedBy(deciding_files(folder, stack, packs), versions, _workspace(folder, stack), state_secrets)


def _workspace(folder: Path, stack: str) -> str:
    """The host that the shell names where the stack's files, which count themselves, name none."""
    stated = provider_settings(folder / stack_file(stack), folder / "Pulumi.yaml").plain.get("host")
    return "" if stated else os.environ.get("DATABRICKS_HOST", "").rstrip("/")


@cache
def _engine_version(program: str | None) -> str:
    """The version of an engine's program; empty if it can't be run."""
    if program is None:
        return ""
    try:
        ran = subprocess.run([program, "version"], capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip().removeprefix("v")
