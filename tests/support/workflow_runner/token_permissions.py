"""Which permission of a job's token a request to GitHub needs.

Source: docs.github.com/rest, "Permissions required for GitHub Apps".
"""

import re
from collections.abc import Mapping
from typing import Final

from tests.support.workflow_runner.documents import at_least

_NEEDED: Final = (
    ("GET", r"/issues/\d+/comments|/issues", ("issues", "pull-requests"), "read"),
    ("POST|PATCH", r"/issues/(\d+/)?comments(/\d+)?", ("issues", "pull-requests"), "write"),
    ("POST|PATCH", r"/issues(/\d+)?", ("issues",), "write"),
    ("GET", r"/pulls/\d+(/reviews|/files)?|/commits/\w+/pulls", ("pull-requests",), "read"),
    ("POST", r"/statuses/\w+", ("statuses",), "write"),
    ("GET", r"/git/ref/heads/.+", ("contents",), "read"),
    ("GET", r"/environments/[^/]+|/actions/runs/\d+/approvals", ("actions",), "read"),
    ("GET", r"/collaborators/[^/]+/permission", (), "none"),
)
"""Method, path below the repository, the scopes of which one is enough, and the level."""


def missing_permission(granted: Mapping[str, str], method: str, path: str) -> str:
    """The permission that a token lacks for a request; empty where it has all."""
    if not (below := re.fullmatch(r"/repos/[^/]+/[^/]+(/[^?]*)(\?.*)?", path)):
        return ""
    for methods, pattern, scopes, level in _NEEDED:
        if re.fullmatch(methods, method) and re.fullmatch(pattern, below[1]):
            allowed = not scopes or any(at_least(granted[scope], level) for scope in scopes)
            return "" if allowed else f"{' or '.join(scopes)}: {level}"
    return "no permission that the runner knows"
