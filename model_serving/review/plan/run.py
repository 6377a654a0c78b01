"""Runs `pulumi preview` and other commands of `pulumi`, with the shell's own credentials, backend and passphrase."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from model_serving.errors import InterruptedRunError, NoPulumiError
from model_serving.review.plan.credentials import Scrubber, secrets_of
from model_serving.review.plan.decided_by import decided_by
from model_serving.review.plan.engine_process import EngineRun, progress, run_engine
from model_serving.review.plan.events import UnreadablePreviewError, read_events
from model_serving.review.plan.preview import Preview

_OUTPUT_SHOWN = 4_000
"""So many characters of the engine's output are reported if it wrote no events."""


def preview(
    stack: str, folder: Path, packs: Sequence[str] = (), *, refresh: bool = False, plan: Path | None = None
) -> Preview:
    """Preview a stack with policy packs. `plan` is the file to save the engine's plan to.

    Raises NoPulumiError and InterruptedRunError. Every other failure is an error in the preview.
    """
    require_pulumi()
    progress(f"Previewing stack {stack}\n")
    decided = decided_by(folder, stack, packs)
    with tempfile.TemporaryDirectory(prefix="model-serving-review-") as name:
        events = Path(name) / "events"
        options = [option for pack in packs for option in ("--policy-pack", pack)]
        options += ["--refresh"] if refresh else []
        options += ["--save-plan", str(plan)] if plan else []
        ran = run_pulumi("preview", stack, folder, ["--event-log", str(events), *options])
        result = _read(events)
    if ran.interrupted_by:
        raise InterruptedRunError(
            ran.interrupted_by, f"The preview of stack {stack} was interrupted; it changes nothing"
        )
    if ran.status and not result.errors and not any(each.mandatory for each in result.violations):
        printed = ran.text[-_OUTPUT_SHOWN:].strip() or f"pulumi exited with status {ran.status}"
        result = replace(result, errors=(printed,), complete=False)
    return replace(result, stack=result.stack or stack, decided_by=decided)


def require_pulumi() -> None:
    """Raise NoPulumiError if `pulumi` is not on PATH."""
    if not shutil.which("pulumi"):
        raise NoPulumiError


def run_pulumi(
    command: str, stack: str, folder: Path, options: Sequence[str], show: Callable[[str], None] = lambda _line: None
) -> EngineRun:
    """Run `pulumi COMMAND` on a stack. `show` gets its output as it comes, without secrets.

    A signal to this process is passed on to it, see engine_process.py.
    """
    return run_engine(
        ["pulumi", *command.split(), "--stack", stack, "--non-interactive", "--color", "never", *options],
        folder,
        # Pulumi accepts --event-log with this only.
        {**os.environ, "PULUMI_DEBUG_COMMANDS": "1"},
        Scrubber(secrets_of()),
        show,
    )


def _read(events: Path) -> Preview:
    """The events; none if the engine stopped before it wrote any, as it does for a stack that doesn't exist."""
    try:
        return read_events(events)
    except UnreadablePreviewError:
        return Preview(stack="", complete=False)
