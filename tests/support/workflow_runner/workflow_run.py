"""The jobs of one workflow: in the order of their needs, each cell of a matrix, and reusable workflows."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.support.workflow_runner import documents, expressions
from tests.support.workflow_runner.documents import Json, WorkflowError
from tests.support.workflow_runner.events import Event
from tests.support.workflow_runner.hosting import Hosting
from tests.support.workflow_runner.job_run import JobRun
from tests.support.workflow_runner.results import Job, Result, Run
from tests.support.workflow_runner.steps import Outputs

MOST_CELLS: Final = 256
"""Jobs of one matrix, at most."""


@dataclass
class WorkflowRun:
    """One workflow of a run, the started one or a reusable one."""

    hosting: Hosting
    run_: Run
    event: Event
    source: Path
    data: Json
    inputs: Mapping[str, Any]
    permissions: Mapping[str, str]
    prefix: str = ""
    secrets: bool = True
    done: dict[str, Job] = field(default_factory=dict)

    def run(self) -> dict[str, Job]:
        """Run every job; the results by the jobs' ids."""
        jobs = self.data["jobs"]
        while left := [name for name in jobs if name not in self.done]:
            ready = [name for name in left if set(_needs(jobs[name])) <= set(self.done)]
            if not ready:
                raise WorkflowError(f"jobs that need each other: {', '.join(left)}")
            for name in ready:
                self.done[name] = self._job(name, jobs[name])
        return self.done

    def _ancestors(self, name: str) -> list[Job]:
        """The jobs that a job needs, and those that they need: GitHub's functions of the status look at all."""
        direct = _needs(self.data["jobs"][name])
        return [self.done[each] for each in direct] + [job for each in direct for job in self._ancestors(each)]

    def _contexts(self, name: str, matrix: Mapping[str, Any]) -> dict[str, Any]:
        needed = _needs(self.data["jobs"][name])
        needs = {each: {"result": self.done[each].result, "outputs": self.done[each].outputs} for each in needed}
        repository, event = self.hosting.repository, self.event
        github = {
            "event": event.payload,
            "event_name": event.name,
            "repository": repository.name,
            "repository_owner": repository.name.split("/", maxsplit=1)[0],
            "ref": event.ref,
            "ref_name": event.ref.removeprefix("refs/heads/"),
            "sha": event.sha,
            "actor": event.actor,
            "run_id": "1",
            "workflow": self.data["name"],
            "server_url": "https://github.example",
            "api_url": self.hosting.api,
            "token": "",
        }
        return {"github": github, "needs": needs, "matrix": matrix, "inputs": self.inputs, "vars": {}, "secrets": {}}

    def _functions(self, name: str) -> expressions.Functions:
        ancestors = self._ancestors(name)
        return {
            "success": lambda: all(job.result == "success" for job in ancestors),
            "failure": lambda: any(job.result == "failure" for job in ancestors),
            "always": lambda: True,
            "cancelled": lambda: False,
        }

    def _job(self, name: str, job: Json) -> Job:
        contexts, functions = self._contexts(name, {}), self._functions(name)
        del contexts["matrix"]
        full = self.prefix + name
        if any(each.result == "waiting" for each in self._ancestors(name)):
            return self._end(Job(full, "waiting"))
        if not expressions.condition(job.get("if", "success()"), contexts, functions):
            return self._end(Job(full, "skipped", Outputs()))
        if "matrix" not in (job.get("strategy") or {}):
            return self._one(name, job, {})
        return self._matrix(name, job, contexts, functions)

    def _matrix(self, name: str, job: Json, contexts: Mapping[str, Any], functions: expressions.Functions) -> Job:
        vectors = {
            key: expressions.value_of(values, contexts, functions) for key, values in job["strategy"]["matrix"].items()
        }
        if not all(isinstance(values, list) and values for values in vectors.values()):
            raise WorkflowError(f"{name}: a matrix without values: {vectors}")
        cells = [dict(zip(vectors, values, strict=True)) for values in itertools.product(*vectors.values())]
        assert len(cells) <= MOST_CELLS
        results: list[Job] = []
        # GitHub does not start them in their order (github.com/actions/runner/issues/703).
        for cell in reversed(cells):
            failed = any(each.result == "failure" for each in results)
            if failed and job["strategy"].get("fail-fast", True):
                results.append(self._end(Job(f"{self.prefix}{name} ({_label(cell)})", "cancelled")))
            else:
                results.append(self._one(name, job, cell))
        worst: Result = next(
            result
            for result in ("failure", "cancelled", "waiting", "success", "skipped")
            if any(each.result == result for each in results)
        )
        return Job(self.prefix + name, worst, results[-1].outputs)

    def _one(self, name: str, job: Json, matrix: Mapping[str, Any]) -> Job:
        full = f"{self.prefix}{name}" + (f" ({_label(matrix)})" if matrix else "")
        declared = job.get("permissions")
        granted = documents.permissions(declared, full) if declared is not None else self.permissions
        if self.prefix:
            for scope, level in granted.items():
                if not documents.at_least(self.permissions[scope], level):
                    raise WorkflowError(
                        f"{full} asks for {scope}: {level}, and its caller grants {self.permissions[scope]}"
                    )
        if not self.event.with_secrets:
            granted = {scope: _read_only(scope, level) for scope, level in granted.items()}
        contexts = self._contexts(name, matrix)
        if "uses" in job:
            return self._called(full, job, contexts, granted)
        return self._end(
            JobRun(
                self.hosting,
                self.event,
                self.data.get("env") or {},
                self.secrets,
                self.run_,
                full,
                name,
                job,
                contexts,
                granted,
            ).run()
        )

    def _called(self, full: str, job: Json, contexts: Mapping[str, Any], granted: Mapping[str, str]) -> Job:
        """Run a reusable workflow."""
        if not job["uses"].startswith("./.github/workflows/"):
            raise WorkflowError(f"{full}: only reusable workflows of the same repository are known")
        data = documents.workflow(self.source / job["uses"])
        given = {key: expressions.value_of(value, contexts, {}) for key, value in (job.get("with") or {}).items()}
        inputs = inputs_of(data["on"]["workflow_call"], given)
        secrets = self.secrets and job.get("secrets") == "inherit"
        called = WorkflowRun(
            self.hosting, self.run_, self.event, self.source, data, inputs, granted, f"{full} / ", secrets
        )
        done = called.run()
        results = {each.result for each in done.values()}
        worst: Result = next(
            each for each in ("failure", "cancelled", "waiting", "success", "skipped") if each in results
        )
        jobs = {"jobs": {key: {"outputs": each.outputs, "result": each.result} for key, each in done.items()}}
        declared = (data["on"]["workflow_call"] or {}).get("outputs") or {}
        outputs = {
            key: expressions.as_text(expressions.value_of(each["value"], {**jobs, "inputs": inputs}, {}))
            for key, each in declared.items()
        }
        return Job(full, worst, outputs)

    def _end(self, job: Job) -> Job:
        if job.name in self.run_.jobs:
            raise WorkflowError(f"two jobs named {job.name}")
        self.run_.jobs[job.name] = job
        return job


def inputs_of(declared: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a workflow: those that are given, and defaults. Raises WorkflowError."""
    inputs = (declared or {}).get("inputs") or {}
    documents.known(given, inputs, "inputs")
    for name, each in inputs.items():
        if each.get("required") and name not in given:
            raise WorkflowError(f"the input {name} is missing")
    return {name: given.get(name, each.get("default", "")) for name, each in inputs.items()}


def _needs(job: Json) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _label(matrix: Mapping[str, Any]) -> str:
    return ", ".join(map(expressions.as_text, matrix.values()))


def _read_only(scope: str, level: str) -> str:
    if scope == "id-token":
        return "none"
    return "read" if level == "write" else level
