"""Why a table can't be read, and what to do.

Conditions of failed statements are those of Databricks' documentation, error conditions.
"""

import re
from typing import Final

from model_serving.databricks.errors import CallError, DeniedError

_LACKING: Final = re.compile(r"User does not have (?P<privilege>[A-Z ]+) on (?P<kind>\w+) '(?P<name>[^']+)'")


def explained(error: Exception, table: str, warehouse: str, *, instead: str = "") -> str:
    """The message about a statement on a table of requests that was not carried out; `instead` is what else to do."""
    text, code = str(error), error.code if isinstance(error, CallError) else ""
    if "TABLE_OR_VIEW_NOT_FOUND" in code:
        return (
            f"There is no table {table} yet, or you may not see it. Databricks delivers requests within an hour of the"
            f" first one: try later{f', or {instead}' if instead else ''}"
        )
    if "INSUFFICIENT_PERMISSIONS" in code:
        return f"You may not read {table}: {_grant(text)}"
    if "Inline byte limit exceeded" in text:
        return f"The requests of {table} are more than 25 MiB, the most that the API returns. Read fewer: --limit 100"
    if "is not a valid endpoint id" in text:
        return f'The workspace has no SQL warehouse "{warehouse}". Find its id: databricks warehouses list'
    if isinstance(error, DeniedError):
        return f"You may not use SQL warehouse {warehouse}: {text}. It takes the permission CAN_USE"
    return f"{table} can't be read: {text}"


def _grant(text: str) -> str:
    """What is missing, as the statement that grants it."""
    if match := _LACKING.search(text):
        privilege, kind, name = match["privilege"], match["kind"].upper(), match["name"]
        return f"{match[0]}. Let its owner run: GRANT {privilege} ON {kind} {name} TO `<you>`"
    return text
