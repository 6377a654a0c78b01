"""The SQL warehouse that a command reads tables through."""

import os
from typing import Final

from model_serving.databricks import sql_statements

VARIABLE: Final = sql_statements.WAREHOUSE


def chosen_warehouse(option: str | None = None) -> str:
    """The id of the command line, or else of the environment; empty if neither has one."""
    return option or os.environ.get(VARIABLE, "")
