"""Read the metrics of a stack's endpoints, and what keeps others from being read."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from model_serving.databricks.build_logs import plain_text
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import DeniedError, NotFoundError, SignInError, UnreachableError, WorkspaceError
from model_serving.databricks.metrics.exposition import parse_sample
from model_serving.databricks.metrics.figures import Figures, figures
from model_serving.databricks.metrics.reader import metrics_text
from model_serving.databricks.metrics.sample import Sample
from model_serving.databricks.serving_endpoints import endpoint_path, is_stopped
from model_serving.errors import UserError
from model_serving.operations.live.reads import concurrently
from model_serving.operations.live.targets import Target, Targets

MOST_READS: Final = 50
"""So many endpoints are read at once; of a larger stack, name those that you want."""


@dataclass(frozen=True)
class EndpointMetrics:
    """The metrics of an endpoint, or the problem that kept them from being read."""

    key: str
    text: str = field(default="", repr=False)
    sample: Sample | None = None
    figures: dict[str, Figures] = field(default_factory=dict)
    problem: str = ""
    is_gone: bool = False
    """Whether the workspace has no such endpoint."""


class MetricsReader:
    """Reads the metrics of endpoints, again and again: what counts up is compared with the last read."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._last: dict[str, Sample] = {}

    def read(self, chosen: Sequence[Target]) -> list[EndpointMetrics]:
        """The metrics of these endpoints. Raises UserError if the workspace gives no answer about any of them."""
        workspace = self._targets.workspace  # signs in once, before threads begin
        answers = concurrently(self._text, chosen)
        errors = [answer for answer in answers if isinstance(answer, WorkspaceError)]
        if errors and len(errors) == len(answers) and isinstance(errors[0], SignInError | UnreachableError):
            raise UserError(connection_problem(errors[0], {"host": workspace.host}) or plain_text(errors[0]))
        return [self._metrics(target, answer) for target, answer in zip(chosen, answers, strict=True)]

    def is_stopped(self, target: Target) -> bool:
        """Whether the endpoint is stopped; False if that can't be read."""
        try:
            live = self._targets.workspace.find(endpoint_path(target.name))
        except WorkspaceError:
            return False
        return live is not None and is_stopped(live)

    def _text(self, target: Target) -> str | WorkspaceError:
        try:
            return metrics_text(self._targets.workspace, target.name)
        except WorkspaceError as error:
            return error

    def _metrics(self, target: Target, answer: str | WorkspaceError) -> EndpointMetrics:
        if isinstance(answer, WorkspaceError):
            return EndpointMetrics(target.key, problem=_problem(target, answer), is_gone=_is_gone(answer))
        try:
            sample = parse_sample(target.name, answer, time.time())
        except WorkspaceError as error:
            return EndpointMetrics(target.key, answer, problem=plain_text(error))
        before = self._last.get(target.key) if sample.adds_up else None
        self._last[target.key] = sample
        return EndpointMetrics(target.key, answer, sample, figures(before, sample))


def _is_gone(error: WorkspaceError) -> bool:
    return isinstance(error, NotFoundError)


def _problem(target: Target, error: WorkspaceError) -> str:
    if isinstance(error, NotFoundError):
        return f'Endpoint "{target.name}" is not in the workspace'
    if isinstance(error, DeniedError):
        hint = f"Whoever may manage it can give you CAN_VIEW under endpoints.{target.key}.permissions"
        return f'You may not view endpoint "{target.name}": {plain_text(error)}. {hint}'
    return f'The metrics of endpoint "{target.name}" can\'t be read: {plain_text(error)}'
