"""Running the preview itself, with the shell's own credentials, backend and passphrase."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from model_serving.errors import InterruptedRunError, UserError
from model_serving.review.plan.credentials import Scrubber, secrets_of
from model_serving.review.plan.engine_process import Ran, progress, run_engine
from model_serving.review.plan.events import UnreadablePreviewError, read_events
from model_serving.review.plan.preview import Preview

_KEPT = 4_000
"""So many characters of what the engine printed are kept where it left no events."""


class NoPulumiError(UserError):
    """There is no `pulumi` to run."""


def preview(
    stack: str, folder: Path, packs: Sequence[str] = (), *, refresh: bool = False, plan: Path | None = None
) -> Preview:
    """What `pulumi preview` says of a stack, judged by the policy packs. `plan` is where the plan is saved.

    Raises NoPulumiError and InterruptedRunError. Everything else that goes wrong is an error in the preview.
    """
    pulumi_is_there()
    progress(f"Previewing stack {stack}\n")
    with tempfile.TemporaryDirectory(prefix="model-serving-review-") as name:
        events = Path(name) / "events"
        options = [option for pack in packs for option in ("--policy-pack", pack)]
        options += ["--refresh"] if refresh else []
        options += ["--save-plan", str(plan)] if plan else []
        ran = run_pulumi("preview", stack, folder, ["--event-log", str(events), *options])
        found = _read(events)
    if ran.interrupted_by:
        raise InterruptedRunError(
            ran.interrupted_by, f"The preview of stack {stack} was interrupted; it changes nothing"
        )
    if ran.status and not found.errors and not any(each.mandatory for each in found.violations):
        printed = ran.text[-_KEPT:].strip() or f"pulumi ended with {ran.status}"
        found = replace(found, errors=(printed,), complete=False)
    return replace(found, stack=found.stack or stack)


def pulumi_is_there() -> None:
    """Raises NoPulumiError where it is not."""
    if not shutil.which("pulumi"):
        way_out = 'Install Pulumi, or `make setup` and then eval "$(make -s env)"'
        raise NoPulumiError(f"There is no `pulumi` on PATH. {way_out}")


def run_pulumi(
    command: str, stack: str, folder: Path, options: Sequence[str], show: Callable[[str], None] = lambda _line: None
) -> Ran:
    """Run `pulumi COMMAND` on a stack. `show` gets what it prints, as it comes and without secrets.

    A signal for this process is handed on to it, see engine_process.py.
    """
    return run_engine(
        ["pulumi", *command.split(), "--stack", stack, "--non-interactive", "--color", "never", *options],
        folder,
        # The flag that writes the event log is one of those that only show with this.
        {**os.environ, "PULUMI_DEBUG_COMMANDS": "1"},
        Scrubber(secrets_of()),
        show,
    )


def _read(events: Path) -> Preview:
    """The events; none where the engine stopped before it wrote any, as it does for a stack that isn't there."""
    try:
        return read_events(events)
    except UnreadablePreviewError:
        return Preview(stack="", complete=False)
