"""Runs `pulumi preview` where it changes nothing: on a copy of the state that is brought up to date."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from model_serving.errors import InterruptedRunError
from model_serving.review.plan.decided_by import decided_by
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.events import from_events, load_events
from model_serving.review.plan.preview import Preview
from model_serving.review.plan.pulumi_command import require_pulumi, run_pulumi
from model_serving.review.plan.state_copy.copy import source_of
from model_serving.review.plan.state_copy.source import INTERRUPTED, NoSourceError, Source
from model_serving.spec.files.rollout_step import PLANNED, VARIABLE
from model_serving.state_backend import explained

_OUTPUT_SHOWN = 4_000
"""So many characters of the engine's output are reported if it wrote no events."""


def preview(stack: str, folder: Path, packs: Sequence[str] = (), *, refresh: bool = False) -> Preview:
    """Preview a stack with policy packs; with `refresh`, compare its state with the workspace first.

    Raises NoPulumiError and InterruptedRunError. Every other failure is an error in the preview.
    """
    require_pulumi()
    progress(f"Previewing stack {stack}\n")
    try:
        with source_of(stack, folder, refreshed=refresh) as source:
            return preview_of(source, packs)
    except NoSourceError as error:
        return failed_preview(stack, error)


def failed_preview(stack: str, error: NoSourceError) -> Preview:
    """The preview of a stack whose state can't be read or compared."""
    return Preview(stack, errors=error.errors, complete=False)


def preview_of(source: Source, packs: Sequence[str] = (), plan: Path | None = None, rollout: str = PLANNED) -> Preview:
    """Preview a source's stack. `plan` is the file to save the engine's plan to.

    `rollout` is the file of a rollout's step; by default every endpoint gets its declared traffic, whatever the shell
    says. Raises InterruptedRunError.
    """
    decided = decided_by(source.folder, source.stack, packs, source.state_secrets)
    with tempfile.TemporaryDirectory(prefix="model-serving-review-") as name:
        events = Path(name) / "events"
        options = [option for pack in packs for option in ("--policy-pack", pack)]
        options += ["--save-plan", str(plan)] if plan else []
        flags = ["--event-log", str(events), *options, *source.options]
        environment = {**source.environment, VARIABLE: rollout}
        ran = run_pulumi("preview", source.stack, source.folder, flags, environment=environment)
        # The engine writes none if it stops before, as it does for a stack that doesn't exist.
        written = load_events(events) if events.exists() else []
    result = from_events([*source.events, *written]) if written else Preview(stack="", complete=False)
    if ran.interrupted_by:
        raise InterruptedRunError(ran.interrupted_by, INTERRUPTED.format(source.stack))
    if ran.status and not result.errors and not any(each.mandatory for each in result.violations):
        printed = (
            explained(ran.text[-_OUTPUT_SHOWN:], source.stack, source.environment)
            or f"pulumi exited with status {ran.status}"
        )
        result = replace(result, errors=(printed,), complete=False)
    stack, notices = result.stack or source.stack, (*result.notices, *source.notices)
    return replace(result, stack=stack, notices=notices, decided_by=decided)
