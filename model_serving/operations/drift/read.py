"""Read the drift of stacks: in a project's folder, without the engine and without a write."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.sdk import import_in_background
from model_serving.errors import UserError
from model_serving.operations.drift.reads import Reader
from model_serving.operations.drift.report import DriftReport, WorkspaceDrift
from model_serving.operations.drift.sources import Source, read_sources
from model_serving.operations.drift.workspace import Comparison
from model_serving.operations.sql_warehouse import chosen_warehouse
from model_serving.spec.files.listing import stacks as every_stack


def read_drift(
    stacks: Sequence[str] = (), *, whole_workspace: bool = False, notify: Callable[[str], None] = lambda _: None
) -> DriftReport:
    """The drift of these stacks of the current folder, by default of all that have a file.

    With `whole_workspace` endpoints that are in no stack file are reported, too. `notify` gets what is being read.
    Raises UserError if the only workspace does not answer, or if neither the files nor the state of a stack can be
    read. One of several workspaces that does not answer is reported.
    """
    import_in_background()
    began, names = time.time(), [*stacks] or every_stack(Path.cwd())
    if not names:
        raise UserError("There is no stack in this folder: no stacks/Pulumi.NAME.yaml")
    sources = read_sources(names, notify=notify)
    for each in sources:
        if each.spec is None and each.resources is None:
            raise UserError("\n".join(each.problems))
    others = _Others(sources, notify)
    workspaces = []
    known = list(dict.fromkeys(each.workspace for each in sources))
    for workspace in known:
        own = [each for each in sources if each.workspace == workspace]
        notify(f"Reading the workspace {own[0].host}".rstrip())
        try:
            workspaces.append(_compared(own, others, whole_workspace, notify))
        except UserError as error:
            if len(known) == 1:
                raise
            workspaces.append(WorkspaceDrift(own[0].host, tuple(each.stack for each in own), (), unread=(str(error),)))
    return DriftReport(tuple(workspaces), began, time.time() - began, whole_workspace)


class _Others:
    """The stacks that are not compared at the same time; those that are not compared at all are read when needed."""

    def __init__(self, compared: Sequence[Source], notify: Callable[[str], None]) -> None:
        names = [each.stack for each in compared]
        self._compared = compared
        self._names = [each for each in every_stack(Path.cwd()) if each not in names]
        self._notify = notify
        self._read: list[Source] | None = None

    def of(self, sources: Sequence[Source]) -> list[Source]:
        """Those of the same workspace, with other credentials too."""
        if self._read is None:
            self._read = read_sources(self._names, notify=self._notify) if self._names else []
        return [each for each in (*self._compared, *self._read) if each.host == sources[0].host and each not in sources]


def _compared(sources: Sequence[Source], others: _Others, whole: bool, notify: Callable[[str], None]) -> WorkspaceDrift:
    settings = sources[0].settings
    reader = Reader(sources[0].sign_in())
    try:
        return Comparison(reader, sources, lambda: others.of(sources), whole, chosen_warehouse(), notify).run()
    except WorkspaceError as error:
        raise UserError(connection_problem(error, settings) or str(error)) from error
