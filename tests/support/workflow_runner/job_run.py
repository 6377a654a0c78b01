"""One job: its environment and protection rules, its token, its machine."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.workflow_runner import expressions
from tests.support.workflow_runner.actions import keep_compiled, provide_tools, stand_ins
from tests.support.workflow_runner.documents import Json, WorkflowError
from tests.support.workflow_runner.events import Event
from tests.support.workflow_runner.hosting import Hosting
from tests.support.workflow_runner.repository import Environment, git
from tests.support.workflow_runner.results import Job, Run
from tests.support.workflow_runner.steps import Machine, Steps


@dataclass
class JobRun:
    """One job on a machine of its own."""

    hosting: Hosting
    event: Event
    environment: Mapping[str, Any]
    """The variables of the workflow."""
    with_secrets: bool
    run_: Run
    full: str
    name: str
    job: Json
    contexts: dict[str, Any]
    granted: Mapping[str, str]

    def run(self) -> Job:
        event, runner, repository = self.event, self.hosting, self.hosting.repository
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
        if not event.with_secrets or not self.with_secrets:
            secrets = {}
        self.contexts["secrets"] = {**secrets, "GITHUB_TOKEN": token}
        self.contexts["github"]["token"] = token
        return self._steps(environment_name)

    def _steps(self, environment_name: str) -> Job:
        runner, event = self.hosting, self.event
        # The same place for every job, as on GitHub, and empty at its start.
        folder = runner.folder / "machine"
        workspace = folder / "workspace"
        shutil.rmtree(folder, ignore_errors=True)
        workspace.mkdir(parents=True)
        compiled = runner.folder / "compiled"
        functions: expressions.Functions = {}
        variables = {
            name: expressions.as_text(expressions.value_of(value, self.contexts, functions))
            for name, value in {**self.environment, **(self.job.get("env") or {})}.items()
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
        machine = Machine(folder, workspace, {**runner.machine, **github}, artifacts=self.run_.artifacts)
        machine.findings = self.run_.findings
        self.contexts["runner"] = {"os": "Linux", "temp": str(folder)}
        steps = Steps(machine, self.contexts, variables, stand_ins(runner.repository, compiled), self._action_folder)
        succeeded = steps.run(self.job["steps"])
        outputs = {
            name: expressions.as_text(expressions.value_of(value, self.contexts, functions))
            for name, value in (self.job.get("outputs") or {}).items()
        }
        keep_compiled(workspace, compiled)
        return Job(self.full, "success" if succeeded else "failure", outputs, machine.steps, machine.summary)

    def _signed_in(self, environment_name: str, variables: Mapping[str, str]) -> Mapping[str, str]:
        """What the identity provider of GitHub's tokens would give the job. Only a job with the permission has one."""
        if self.granted["id-token"] != "write" or not environment_name:
            return {}
        subject = f"repo:{self.hosting.repository.name}:environment:{environment_name}"
        return self.hosting.sign_in(subject, variables)

    def _action_folder(self, uses: str, machine: Machine) -> Path:
        if uses.startswith("./"):
            return machine.workspace / uses
        name, _, version = uses.partition("@")
        owner, repository, *below = name.split("/")
        source = self.hosting.actions.get(f"{owner}/{repository}")
        if source is None:
            raise WorkflowError(f"there is no stand-in for {uses}")
        folder = machine.folder / "actions" / repository
        if not folder.exists():
            git(machine.folder, "clone", "--quiet", source.origin.as_uri(), str(folder))
            git(folder, "checkout", "--quiet", "--detach", version)
            shutil.rmtree(folder / ".git")  # GitHub provides the files only
            provide_tools(folder)
        return folder.joinpath(*below)
