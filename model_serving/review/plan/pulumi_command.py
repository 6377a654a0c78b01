"""Runs commands of `pulumi` on a stack, with the shell's own credentials, backend and passphrase."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from model_serving.errors import NoPulumiError
from model_serving.review.plan.credentials import REVIEW_KEY, Scrubber, secrets_of
from model_serving.review.plan.engine_process import EngineRun, run_engine
from model_serving.state_backend import require_backend


def require_pulumi() -> None:
    """Raise NoPulumiError if `pulumi` is not on PATH, and BackendError if its state's backend does not answer."""
    if not shutil.which("pulumi"):
        raise NoPulumiError
    require_backend()


def run_pulumi(
    command: str,
    stack: str,
    folder: Path,
    options: Sequence[str],
    *,
    show: Callable[[str], None] = lambda _line: None,
    environment: Mapping[str, str] | None = None,
) -> EngineRun:
    """Run `pulumi COMMAND` on a stack. `show` gets its output as it comes, without secrets.

    `environment` is the shell's own by default. A signal to this process is passed on to it, see engine_process.py.
    """
    given = os.environ if environment is None else environment
    inherited = {name: value for name, value in given.items() if name != REVIEW_KEY}
    return run_engine(
        ["pulumi", *command.split(), "--stack", stack, "--non-interactive", "--color", "never", *options],
        folder,
        # Pulumi accepts --event-log with this only.
        {**inherited, "PULUMI_DEBUG_COMMANDS": "1"},
        Scrubber(secrets_of()),
        show,
    )
