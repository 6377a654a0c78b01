"""Logs of a served entity, as text that a terminal and a CI log can show.

A log is written by a model's own code and dependencies: control characters would reach the reader's terminal, and a
failing `pip install` prints the credentials of its index.
"""

import re
from typing import Any, Final, Protocol
from urllib.parse import quote

from model_serving.databricks.credential_patterns import CREDENTIAL, NAMED_CREDENTIAL
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path

_WIDTH: Final = 200
"""Characters of one line that are shown."""

_SECRET: Final = "[secret]"  # noqa: S105  what stands for one

_CONTROL: Final = re.compile(
    r"""
      \x1b \[ [0-?]* [ -/]* [@-~]                 # ANSI sequences, such as colors
    | \x1b \] .*? (?: \x07 | \x1b\\ | $ )         # titles and links of a terminal
    | \x1b .?
    | [\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]   # and what reverses or hides text
    """,
    re.VERBOSE,
)


class Reader(Protocol):
    """Reads of one workspace: None for what doesn't exist. Raises WorkspaceError."""

    def find(self, path: str) -> dict[str, Any] | None: ...


def build_log(workspace: Reader, endpoint: str, entity: str, lines: int) -> tuple[str, ...]:
    """The last lines of the build log; empty if there is none, or the caller may not read it."""
    try:
        answer = workspace.find(f"{endpoint_path(endpoint)}/served-models/{quote(entity, safe='')}/build-logs")
    except WorkspaceError:
        return ()
    return log_lines(str((answer or {}).get("logs") or ""))[-lines:]


def log_lines(text: str, width: int | None = _WIDTH) -> tuple[str, ...]:
    """The lines of a log that are not empty, without control characters and credentials.

    Lines are cut after `width` characters; None: not at all.
    """
    masked = NAMED_CREDENTIAL.sub(_SECRET, CREDENTIAL.sub(_SECRET, _CONTROL.sub(_kept, text)))
    cleaned = (line.replace("\t", " ").rstrip()[:width] for line in masked.split("\n"))
    return tuple(line for line in cleaned if line)


def plain_text(error: object) -> str:
    """A message of the workspace on one line, without control characters and credentials."""
    return " ".join(log_lines(str(error), width=None))


def _kept(match: "re.Match[str]") -> str:
    """A carriage return begins a line, as where progress is shown; every other control character is removed."""
    return "\n" if match[0] in ("\r", "\x0b", "\x0c", "\u2028", "\u2029", "\x85") else ""
