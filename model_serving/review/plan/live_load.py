"""The load of endpoints by their own metrics, one read each, for a review that compares with the workspace.

A read that fails or is slow is a word in the report, and never an error.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final

from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.metrics.figures import figures
from model_serving.databricks.metrics.reader import read_sample
from model_serving.databricks.metrics.sample import WHOLE_ENDPOINT
from model_serving.databricks.prices.capacity import Demand, measured_demand
from model_serving.databricks.timeouts import TIMEOUT_SETTINGS
from model_serving.spec.files.listing import stack_file
from model_serving.spec.files.provider_settings import provider_settings

_MOST: Final = 25
"""So many endpoints are read; the load of others is not in the report."""
_THREADS: Final = 8
_SECONDS: Final = "5"
"""For each answer, and for all tries of a call together."""


def measured_load(names: Mapping[str, str], stack: str, folder: Path) -> dict[str, Demand | str]:
    """The load in the last full minute, or why it can't be read, by the keys of `names`, which has names by key.

    Endpoints without requests are left out.
    """
    if not names:
        return {}
    settings = dict(provider_settings(folder / stack_file(stack), folder / "Pulumi.yaml").plain)
    settings |= dict.fromkeys(TIMEOUT_SETTINGS, _SECONDS)
    try:
        workspace = connect(settings)
    except WorkspaceError as error:
        return dict.fromkeys(names, connection_problem(error, settings) or str(error))
    chosen = dict(islice(names.items(), _MOST))
    with ThreadPoolExecutor(_THREADS) as executor:
        found = executor.map(lambda name: _load(workspace, name), chosen.values())
        return {key: each for key, each in zip(chosen, found, strict=True) if each is not None}


def _load(workspace: Workspace, name: str) -> Demand | str | None:
    try:
        sample = read_sample(workspace, name)
    except WorkspaceError as error:
        return str(error)
    return measured_demand(figures(None, sample)[WHOLE_ENDPOINT])
