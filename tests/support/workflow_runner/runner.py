"""Runs a workflow for an event."""

from collections.abc import Mapping
from typing import Any

from tests.support.workflow_runner import documents
from tests.support.workflow_runner.events import Event
from tests.support.workflow_runner.hosting import Hosting
from tests.support.workflow_runner.repository import git
from tests.support.workflow_runner.results import Run
from tests.support.workflow_runner.workflow_run import WorkflowRun, inputs_of


class Runner(Hosting):
    """Runs the workflows of a repository."""

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
        inputs = inputs_of(data["on"][event.name], event.payload["inputs"]) if started_by_hand else {}
        WorkflowRun(
            self, run, event, source, data, inputs, documents.permissions(data.get("permissions"), workflow)
        ).run()
        return run


def _starts(on: Mapping[str, Any], event: Event) -> bool:
    if event.name not in on:
        return False
    branches = (on[event.name] or {}).get("branches") if isinstance(on[event.name], Mapping) else None
    return not branches or event.branch in branches
