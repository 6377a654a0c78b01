"""Brings the state of the stack itself up to date, in the same way as its copy."""

import json
from pathlib import Path

from model_serving.errors import InterruptedRunError
from model_serving.review.plan.engine_process import EngineRun, progress
from model_serving.review.plan.pulumi_command import run_pulumi
from model_serving.review.plan.state_copy.checkpoint import resources
from model_serving.review.plan.state_copy.refresh import REFRESH, excluding
from model_serving.review.plan.state_copy.source import Source
from model_serving.state_backend import cause, explained


def bring_up_to_date(source: Source, home: Path) -> str:
    """Refresh the stack's state with what the refresh of its copy left out, and write the access lists into it.

    Nothing is done where the copy showed no difference. Returns the reason if it fails. `home` is a folder for files
    that nobody else may read. Raises InterruptedRunError.
    """
    if not source.is_copy or not source.differs:
        return ""
    ran = _run(source, "refresh", *REFRESH, *excluding(source.excluded))
    if ran.status:
        return cause(ran.text, source.stack) or f"`pulumi refresh` ended with {ran.status}, see above"
    return _write_access_lists(source, home / "state.json") if source.access_lists else ""


def _write_access_lists(source: Source, file: Path) -> str:
    """A refresh by the provider would hide the entry of whoever deploys, and show the others."""
    ran = _run(source, "stack export", "--file", str(file))
    if ran.status:
        return explained(ran.text, source.stack)
    export = json.loads(file.read_text(encoding="utf-8"))
    lists = source.access_lists
    export["deployment"]["resources"] = [
        {**each, **{part: lists[each["urn"]][part] for part in ("inputs", "outputs")}} if each["urn"] in lists else each
        for each in resources(export)
    ]
    file.write_text(json.dumps(export), encoding="utf-8")
    ran = _run(source, "stack import", "--file", str(file))
    return explained(ran.text, source.stack) if ran.status else ""


def _run(source: Source, command: str, *options: str) -> EngineRun:
    show = progress if command == "refresh" else lambda _line: None
    ran = run_pulumi(command, source.stack, source.folder, options, show=show)
    if ran.interrupted_by:
        text = f"Interrupted before anything was deployed to stack {source.stack}; run the command again"
        raise InterruptedRunError(ran.interrupted_by, text)
    return ran
