"""The writes to each endpoint since the last step, named after the API call."""

from collections.abc import Sequence
from typing import Any

from tests.support.running_workspace import RunningWorkspace

ENDPOINTS = "/api/2.0/serving-endpoints"


class Journal:
    """The writes to endpoints since the last look."""

    def __init__(self, workspace: RunningWorkspace) -> None:
        self._workspace = workspace
        self._seen = 0

    def new_calls(self) -> dict[str, list[str]]:
        """By endpoint: `POST`, `PUT config`, `PATCH tags`, `DELETE`, ... in order."""
        entries = self._workspace.get("/_workspace/journal?writes=true")["requests"]
        fresh, self._seen = entries[self._seen :], len(entries)
        return by_endpoint(fresh)


def by_endpoint(entries: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    calls: dict[str, list[str]] = {}
    for entry in entries:
        if entry["path"] == ENDPOINTS:
            calls.setdefault(entry["body"]["name"], []).append("POST")
        elif entry["path"].startswith(f"{ENDPOINTS}/"):
            name, _, rest = entry["path"].removeprefix(f"{ENDPOINTS}/").partition("/")
            calls.setdefault(name, []).append(f"{entry['method']} {rest}".strip())
    return calls
