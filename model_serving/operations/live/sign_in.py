"""The workspace of a stack, with the shell's own Databricks credentials."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.timeouts import TIMEOUT_SETTINGS
from model_serving.errors import UserError
from model_serving.operations.outputs import spec_name
from model_serving.operations.reachability import TIMEOUTS
from model_serving.spec.files.listing import stack_file
from model_serving.spec.files.provider_settings import provider_settings


def workspace_settings(stack: str) -> dict[str, str]:
    """The Databricks provider's settings of a stack in the current folder, as far as they are not secret.

    Retries are as short as those of a request: an operator waits for the answer.
    """
    folder = Path.cwd()
    given = provider_settings(folder / stack_file(spec_name(stack)), folder / "Pulumi.yaml").plain
    return {**given, TIMEOUT_SETTINGS[0]: str(TIMEOUTS.retry), TIMEOUT_SETTINGS[1]: str(TIMEOUTS.answer)}


def sign_in(settings: Mapping[str, Any]) -> Workspace:
    """The workspace of these settings. Raises UserError with what to do. What a call waits for is on standard error."""
    try:
        return connect(settings, is_command=True)
    except WorkspaceError as error:
        raise UserError(connection_problem(error, settings) or str(error)) from error
