"""The steps of one job: scripts run in bash, actions by their stand-ins, composite actions step by step."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests.support.workflow_runner import documents, expressions
from tests.support.workflow_runner.documents import Json, WorkflowError

_TIMEOUT: Final = 180
"""Seconds for one script."""

Contexts = dict[str, Any]


@dataclass
class Step:
    """The result of a step."""

    name: str
    outcome: str
    """success, failure or skipped, before `continue-on-error`."""
    log: str = ""


@dataclass
class Machine:
    """The runner's machine: one folder for each job, and what its processes find in their environment."""

    folder: Path
    workspace: Path
    environment: dict[str, str]
    summary: str = ""
    artifacts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    findings: dict[str, Any] = field(default_factory=dict)
    """What was uploaded to code scanning, by category."""
    steps: list[Step] = field(default_factory=list)


Action = Callable[[Machine, Mapping[str, str], Contexts], None]
"""A stand-in for a third-party action. It gets its inputs, and raises StepFailed where the action would fail."""


class StepFailed(Exception):  # noqa: N818  a result, not a defect
    """The step fails, with this text in its log."""


@dataclass
class Steps:
    """Runs the steps of a job or of a composite action, with the contexts that they see."""

    machine: Machine
    contexts: Contexts
    environment: dict[str, str]
    """That of the workflow and of the job."""
    actions: Mapping[str, Action]
    """Stand-ins, by the action's name without its version."""
    composite: Callable[[str, Machine], Path]
    """The folder of an action of a repository on this machine. Raises WorkflowError for an unknown one."""
    failed: bool = False

    def run(self, steps: list[Json]) -> bool:
        """Run steps in order; whether the job goes on to succeed."""
        self.contexts["steps"] = {}
        for step in steps:
            self._step(step)
        return not self.failed

    def _functions(self) -> expressions.Functions:
        return {
            "success": lambda: not self.failed,
            "failure": lambda: self.failed,
            "always": lambda: True,
            "cancelled": lambda: False,
            "hashFiles": self._hash_files,
        }

    def _hash_files(self, *patterns: str) -> str:
        files = sorted({file for pattern in patterns for file in self.machine.workspace.glob(pattern)})
        return sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest() if files else ""

    def _step(self, step: Json) -> None:
        contexts = {**self.contexts, "env": self._env({})}
        name = str(step.get("name") or step.get("uses") or step.get("run", "").splitlines()[0])
        if not expressions.condition(step.get("if", "success()"), contexts, self._functions()):
            self._record(step, Step(name, "skipped"), {})
            return
        outputs: dict[str, str] = {}
        result = Step(name, "success")
        contexts["env"] = self._env(step.get("env") or {})
        try:
            if "run" in step:
                result.log, outputs = self._script(step, contexts)
            else:
                outputs = self._action(step, contexts)
        except StepFailed as failed:
            result.outcome, result.log = "failure", str(failed)
        self._record(step, result, outputs)
        if result.outcome == "failure" and not self._value(step.get("continue-on-error", False), contexts):
            self.failed = True

    def _record(self, step: Json, result: Step, outputs: Mapping[str, str]) -> None:
        self.machine.steps.append(result)
        if "id" in step:
            conclusion = "success" if step.get("continue-on-error") else result.outcome
            self.contexts["steps"][step["id"]] = {
                "outputs": Outputs(outputs),
                "outcome": result.outcome,
                "conclusion": conclusion,
            }

    def _value(self, value: Any, contexts: Contexts) -> Any:
        return expressions.value_of(value, contexts, self._functions())

    def _env(self, own: Mapping[str, Any]) -> dict[str, str]:
        """The variables of the workflow, the job, earlier steps (GITHUB_ENV) and the step."""
        found = {**self.environment, **self.contexts.get("job_env", {})}
        contexts = {**self.contexts, "env": found}
        return found | {name: expressions.as_text(self._value(value, contexts)) for name, value in own.items()}

    def _script(self, step: Json, contexts: Contexts) -> tuple[str, dict[str, str]]:
        """Run a script; its log and outputs. Raises StepFailed with the log."""
        text = expressions.interpolated(step["run"], contexts, self._functions())
        files = {name: self.machine.folder / name for name in ("output", "env", "summary", "path")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        script = self.machine.folder / "script.sh"
        script.write_text(text, encoding="utf-8")
        # Without `shell`, GitHub's bash runs without pipefail.
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") else ["-e"]
        if step.get("shell", "bash") != "bash":
            raise WorkflowError(f"unknown shell {step['shell']}")
        where = self._value(step.get("working-directory", "."), contexts)
        environment = {**self.machine.environment, **contexts["env"]}
        environment |= {f"GITHUB_{name.upper()}": str(file) for name, file in files.items() if name != "summary"}
        environment["GITHUB_STEP_SUMMARY"] = str(files["summary"])
        ran = subprocess.run(
            ["bash", *options, str(script)],
            cwd=self.machine.workspace / str(where),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        self.machine.summary += files["summary"].read_text(encoding="utf-8")
        self.contexts.setdefault("job_env", {}).update(_assignments(files["env"]))
        for folder in files["path"].read_text(encoding="utf-8").split():
            self.machine.environment["PATH"] = f"{folder}{os.pathsep}{self.machine.environment['PATH']}"
        if ran.returncode:
            raise StepFailed(f"{ran.stdout}\nexit status {ran.returncode}")
        return ran.stdout, _assignments(files["output"])

    def _action(self, step: Json, contexts: Contexts) -> dict[str, str]:
        """Run an action; its outputs."""
        inputs = {
            name: expressions.as_text(self._value(value, contexts)) for name, value in (step.get("with") or {}).items()
        }
        name, _, version = step["uses"].partition("@")
        if name in self.actions:
            if not re.fullmatch(r"[0-9a-f]{40}", version):
                raise WorkflowError(f"{name} is not pinned by a commit: {version}")
            self.actions[name](self.machine, inputs, contexts)
            return {}
        folder = self.composite(step["uses"], self.machine)
        return self._composite(documents.action(folder / "action.yml"), folder, inputs, contexts)

    def _composite(self, action: Json, folder: Path, inputs: dict[str, str], contexts: Contexts) -> dict[str, str]:
        declared = action.get("inputs") or {}
        documents.known(inputs, declared, f"{folder}: with")
        github = {**contexts["github"], "action_path": str(folder)}
        inner = Steps(
            self.machine,
            {name: contexts[name] for name in ("runner", "job") if name in contexts} | {"github": github},
            {**contexts["env"], "GITHUB_ACTION_PATH": str(folder)},
            self.actions,
            self.composite,
        )
        inner.contexts["inputs"] = {
            name: inputs.get(name, expressions.as_text(inner._value(each.get("default", ""), {"github": github})))
            for name, each in declared.items()
        }
        for name, each in declared.items():
            if each.get("required") and not inner.contexts["inputs"][name]:
                raise WorkflowError(f"{folder}: the input {name} is missing")
        if not inner.run(action["runs"]["steps"]):
            raise StepFailed("a step of the action failed")
        outputs = action.get("outputs") or {}
        return {
            name: expressions.as_text(inner._value(each["value"], inner.contexts)) for name, each in outputs.items()
        }


class Outputs(dict[str, str]):
    """The outputs of a step or of a skipped job: one that it didn't write is empty."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return ""


def _assignments(file: Path) -> dict[str, str]:
    """The lines `name=value` of a file, and values of several lines (`name<<END`)."""
    found: dict[str, str] = {}
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if match := re.fullmatch(r"(\w[\w-]*)<<(\S+)", line):
            value = []
            for following in lines:
                if following == match[2]:
                    break
                value.append(following)
            found[match[1]] = "\n".join(value)
        elif match := re.fullmatch(r"(\w[\w-]*)=(.*)", line):
            found[match[1]] = match[2]
        elif line:
            raise StepFailed(f"neither name=value nor name<<END: {line!r}")
    return found
