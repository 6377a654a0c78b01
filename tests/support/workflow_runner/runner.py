"""Runs a workflow: its jobs in the order of their needs, with environments, tokens and reusable workflows."""

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from tests.support.workflow_runner import documents, expressions
from tests.support.workflow_runner.actions import provide_tools, stand_ins
from tests.support.workflow_runner.documents import Json, WorkflowError
from tests.support.workflow_runner.events import Event
from tests.support.workflow_runner.repository import Environment, Repository, git
from tests.support.workflow_runner.steps import Machine, Outputs, Step, Steps

Result = Literal["success", "failure", "skipped", "cancelled", "waiting"]
"""`waiting`: for the approval of an environment, or for a job that does."""

_MOST_WAVES: Final = 256
"""Jobs of one matrix, at most."""


@dataclass
class Job:
    """The result of a job."""

    name: str
    result: Result
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    summary: str = ""
    message: str = ""
    """Why it did not start."""

    @property
    def log(self) -> str:
        """What its steps printed."""
        return "\n".join([self.message, *(f"## {step.name} ({step.outcome})\n{step.log}" for step in self.steps)])


@dataclass
class Run:
    """A run of a workflow. Jobs are in the order in which they ended; those of a reusable one are `caller / job`."""

    jobs: dict[str, Job] = field(default_factory=dict)
    artifacts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    findings: dict[str, Any] = field(default_factory=dict)

    @property
    def results(self) -> dict[str, str]:
        """The result of each job, without the callers of reusable workflows."""
        return {name: job.result for name, job in self.jobs.items()}

    @property
    def log(self) -> str:
        """What every job printed."""
        return "\n".join(f"# {job.name}: {job.result}\n{job.log}" for job in self.jobs.values())

    @property
    def summary(self) -> str:
        """The summary on the page of the run."""
        return "\n".join(job.summary for job in self.jobs.values())


Token = Callable[[Mapping[str, str]], str]
"""Makes a token for a job with these permissions."""


@dataclass
class Runner:
    """Runs the workflows of a repository."""

    repository: Repository
    folder: Path
    """Where each job gets a folder of its own."""
    machine: Mapping[str, str]
    """What processes find in their environment, such as PATH."""
    token: Token
    api: str = ""
    """The address of the forge's API."""
    approve: Mapping[str, str] = field(default_factory=dict)
    """Who approves the deployments to an environment. Without an approver a job waits."""
    sign_in: Callable[[str, Mapping[str, str]], Mapping[str, str]] = lambda _subject, _environment: {}
    """What a job gets for its OIDC token: by the token's subject and the job's variables, further variables."""
    actions: Mapping[str, Repository] = field(default_factory=dict)
    """Other repositories that hold composite actions, by name."""
    count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, workflow: str, event: Event) -> Run | None:
        """The run that an event starts; None where the workflow doesn't start for it."""
        # The workflow is that of the event's commit; for `pull_request_target` that is the default branch's.
        source = self.folder / f"workflows-{next(self.count)}"
        source.mkdir(parents=True)
        git(source, "init", "--quiet", ".")
        git(source, "fetch", "--quiet", "--depth=1", self.repository.origin.as_uri(), event.sha)
        git(source, "checkout", "--quiet", "--detach", event.sha)
        data = documents.workflow(source / ".github" / "workflows" / workflow)
        if not _starts(data["on"], event):
            return None
        run = Run()
        started_by_hand = event.name == "workflow_dispatch"
        inputs = _inputs(data["on"][event.name], event.payload["inputs"]) if started_by_hand else {}
        _Workflow(
            self, run, event, source, data, inputs, documents.permissions(data.get("permissions"), workflow)
        ).run()
        return run


def _starts(on: Mapping[str, Any], event: Event) -> bool:
    if event.name not in on:
        return False
    branches = (on[event.name] or {}).get("branches") if isinstance(on[event.name], Mapping) else None
    return not branches or event.branch in branches


def _inputs(declared: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    inputs = (declared or {}).get("inputs") or {}
    documents.known(given, inputs, "inputs")
    for name, each in inputs.items():
        if each.get("required") and name not in given:
            raise WorkflowError(f"the input {name} is missing")
    return {name: given.get(name, each.get("default", "")) for name, each in inputs.items()}


@dataclass
class _Workflow:
    """One workflow of a run, the started one or a reusable one."""

    runner: Runner
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
        repository, event = self.runner.repository, self.event
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
            "api_url": self.runner.api,
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
        assert len(cells) <= _MOST_WAVES
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
        return self._end(_JobRun(self, full, name, job, contexts, granted).run())

    def _called(self, full: str, job: Json, contexts: Mapping[str, Any], granted: Mapping[str, str]) -> Job:
        """Run a reusable workflow."""
        if not job["uses"].startswith("./.github/workflows/"):
            raise WorkflowError(f"{full}: only reusable workflows of the same repository are known")
        data = documents.workflow(self.source / job["uses"])
        given = {key: expressions.value_of(value, contexts, {}) for key, value in (job.get("with") or {}).items()}
        inputs = _inputs(data["on"]["workflow_call"], given)
        secrets = self.secrets and job.get("secrets") == "inherit"
        called = _Workflow(
            self.runner, self.run_, self.event, self.source, data, inputs, granted, f"{full} / ", secrets
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


@dataclass
class _JobRun:
    """One job on a machine of its own."""

    workflow: _Workflow
    full: str
    name: str
    job: Json
    contexts: dict[str, Any]
    granted: Mapping[str, str]

    def run(self) -> Job:
        event, repository = self.workflow.event, self.workflow.runner.repository
        runner = self.workflow.runner
        environment_name, environment = "", Environment()
        if "environment" in self.job:
            environment_name = str(expressions.value_of(self.job["environment"], self.contexts, {}))
            environment = repository.environment(environment_name)
            if not environment.allows(event.ref):
                ref = event.ref.removeprefix("refs/heads/")
                message = (
                    f'Branch "{ref}" is not allowed to deploy to {environment_name} due to environment protection rules'
                )
                return Job(self.full, "failure", message=message)
            if environment.reviewers:
                approver = runner.approve.get(environment_name)
                if approver is None:
                    return Job(self.full, "waiting", message=f"Waiting for the approval of {environment_name}")
                allowed = approver in environment.reviewers
                if not allowed or (environment.prevent_self_review and approver == event.actor):
                    return Job(self.full, "waiting", message=f"{approver} may not approve {environment_name}")
        self.contexts["vars"] = {**repository.variables, **environment.variables}
        token = runner.token(self.granted)
        secrets = {**repository.secrets, **environment.secrets}
        if not event.with_secrets or not self.workflow.secrets:
            secrets = {}
        self.contexts["secrets"] = {**secrets, "GITHUB_TOKEN": token}
        self.contexts["github"]["token"] = token
        return self._steps(environment_name)

    def _steps(self, environment_name: str) -> Job:
        runner, event = self.workflow.runner, self.workflow.event
        folder = runner.folder / f"job-{next(runner.count)}"
        workspace = folder / "workspace"
        workspace.mkdir(parents=True)
        functions: expressions.Functions = {}
        variables = {
            name: expressions.as_text(expressions.value_of(value, self.contexts, functions))
            for name, value in {**(self.workflow.data.get("env") or {}), **(self.job.get("env") or {})}.items()
        }
        variables |= self._signed_in(environment_name, variables)
        github = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": runner.api,
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_REF": event.ref,
            "GITHUB_REPOSITORY": runner.repository.name,
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_SHA": event.sha,
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(folder),
            "CI": "true",
            "HOME": str(folder),
        }
        machine = Machine(folder, workspace, {**runner.machine, **github}, artifacts=self.workflow.run_.artifacts)
        machine.findings = self.workflow.run_.findings
        self.contexts["runner"] = {"os": "Linux", "temp": str(folder)}
        steps = Steps(machine, self.contexts, variables, stand_ins(runner.repository), self._action_folder)
        succeeded = steps.run(self.job["steps"])
        outputs = {
            name: expressions.as_text(expressions.value_of(value, self.contexts, functions))
            for name, value in (self.job.get("outputs") or {}).items()
        }
        for file in workspace.iterdir():  # room for the next job
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file, ignore_errors=True)
        return Job(self.full, "success" if succeeded else "failure", outputs, machine.steps, machine.summary)

    def _signed_in(self, environment_name: str, variables: Mapping[str, str]) -> Mapping[str, str]:
        """What the identity provider of GitHub's tokens would give the job. Only a job with the permission has one."""
        if self.granted["id-token"] != "write" or not environment_name:
            return {}
        subject = f"repo:{self.workflow.runner.repository.name}:environment:{environment_name}"
        return self.workflow.runner.sign_in(subject, variables)

    def _action_folder(self, uses: str, machine: Machine) -> Path:
        if uses.startswith("./"):
            return machine.workspace / uses
        name, _, version = uses.partition("@")
        owner, repository, *below = name.split("/")
        source = self.workflow.runner.actions.get(f"{owner}/{repository}")
        if source is None:
            raise WorkflowError(f"there is no stand-in for {uses}")
        folder = machine.folder / "actions" / repository
        if not folder.exists():
            git(machine.folder, "clone", "--quiet", source.origin.as_uri(), str(folder))
            git(folder, "checkout", "--quiet", "--detach", version)
            shutil.rmtree(folder / ".git")  # GitHub provides the files only
            provide_tools(folder)
        return folder.joinpath(*below)


def _needs(job: Json) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _label(matrix: Mapping[str, Any]) -> str:
    return ", ".join(map(expressions.as_text, matrix.values()))


def _read_only(scope: str, level: str) -> str:
    if scope == "id-token":
        return "none"
    return "read" if level == "write" else level
