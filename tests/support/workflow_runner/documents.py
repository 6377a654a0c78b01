"""Workflow files and composite actions as plain data. A key that the runner doesn't know is an error."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from model_serving.spec.files.yaml_text import Loader

Json = dict[str, Any]

_WORKFLOW: Final = ("name", "on", "permissions", "concurrency", "env", "jobs")
_EVENTS: Final = {
    "push": ("branches",),
    "pull_request": ("branches",),
    "pull_request_target": ("branches",),
    "schedule": (),
    "workflow_dispatch": ("inputs",),
    "workflow_call": ("inputs", "outputs"),
}
_INPUT: Final = ("description", "type", "required", "default", "options")
_JOB: Final = (
    *("name", "needs", "if", "runs-on", "timeout-minutes", "environment", "concurrency", "permissions", "strategy"),
    *("env", "outputs", "steps"),
)
_CALLING_JOB: Final = ("name", "needs", "if", "uses", "with", "secrets", "permissions", "strategy")
_STRATEGY: Final = ("matrix", "fail-fast", "max-parallel")
_STEP: Final = ("id", "name", "if", "run", "uses", "with", "env", "shell", "working-directory", "continue-on-error")
_ACTION: Final = ("name", "description", "inputs", "outputs", "runs")
SCOPES: Final = ("actions", "contents", "id-token", "issues", "pull-requests", "security-events", "statuses")
"""The permissions of a job's token that our workflows use."""
_LEVELS: Final = ("none", "read", "write")


class WorkflowError(Exception):
    """A workflow that GitHub would refuse, or that this runner does not know."""


def workflow(file: Path) -> Json:
    """A workflow file. Raises WorkflowError."""
    data = _data(file)
    known(data, _WORKFLOW, file.name)
    for name, settings in _mapping(data["on"], f"{file.name}: on").items():
        if name not in _EVENTS:
            raise WorkflowError(f"{file.name}: unknown event {name}")
        if isinstance(settings, Mapping):
            known(settings, _EVENTS[name], f"{file.name}: on.{name}")
            for key, declared in (settings.get("inputs") or {}).items():
                known(declared or {}, _INPUT, f"{file.name}: on.{name}.inputs.{key}")
    permissions(data.get("permissions"), file.name)
    for name, job in data["jobs"].items():
        _job(job, f"{file.name}: {name}")
    return data


def action(file: Path) -> Json:
    """The `action.yml` of a composite action. Raises WorkflowError."""
    data = _data(file)
    known(data, _ACTION, str(file))
    known(data["runs"], ("using", "steps"), f"{file}: runs")
    if data["runs"]["using"] != "composite":
        raise WorkflowError(f"{file}: only composite actions are known")
    for step in data["runs"]["steps"]:
        _step(step, str(file))
        if "run" in step and "shell" not in step:
            raise WorkflowError(f"{file}: a step of a composite action needs a shell")
    return data


def permissions(declared: Any, where: str) -> dict[str, str]:
    """The level of each scope; none of those that are not named."""
    found = dict.fromkeys(SCOPES, "none")
    for scope, level in (declared or {}).items():
        if scope not in SCOPES or level not in _LEVELS:
            raise WorkflowError(f"{where}: unknown permission {scope}: {level}")
        found[scope] = level
    return found


def at_least(level: str, other: str) -> bool:
    """Whether a level of a permission includes another."""
    return _LEVELS.index(level) >= _LEVELS.index(other)


def known(data: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    """Raise WorkflowError for a key that is not allowed."""
    if unknown := [key for key in data if key not in set(allowed)]:
        raise WorkflowError(f"{where}: unknown {', '.join(map(str, unknown))}")


def _job(job: Json, where: str) -> None:
    if "uses" in job:
        known(job, _CALLING_JOB, where)
    else:
        known(job, _JOB, where)
        for step in job["steps"]:
            _step(step, where)
    known(job.get("strategy") or {}, _STRATEGY, f"{where}: strategy")
    permissions(job.get("permissions"), where)


def _step(step: Json, where: str) -> None:
    known(step, _STEP, f"{where}: {step.get('name', step.get('uses', step.get('run')))}")
    if ("run" in step) == ("uses" in step):
        raise WorkflowError(f"{where}: a step has either run or uses")


def _data(file: Path) -> Json:
    data = yaml.load(file.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506  a subclass of SafeLoader
    return _mapping(data, str(file))


def _mapping(data: Any, where: str) -> Json:
    if not isinstance(data, dict):
        raise WorkflowError(f"{where}: must be a map")
    return data
