"""The results of a run: its jobs, what they printed, and what they left behind."""

from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.workflow_runner.steps import Step

Result = Literal["success", "failure", "skipped", "cancelled", "waiting"]
"""`waiting`: for the approval of an environment, or for a job that does."""


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
