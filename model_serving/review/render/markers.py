"""Hidden lines of a comment: which stack it belongs to, and the digest of what its readers approve."""

import re
from collections.abc import Mapping
from typing import Final

from model_serving.review.assess.digest import SHORT

RECORDS_ROOM: Final = 10_000
"""Characters of a comment that are kept for the records of earlier reports (model_serving/delivery/records.py)."""

_DIGEST: Final = "<!-- reviewed:{} -->"
_REVIEWED: Final = _DIGEST.format(r"(?P<digest>[0-9a-f]{16,64})(?P<sections>( [^ ]+:[0-9a-f]+)*)")
_HIDDEN_LINES: Final = re.compile(rf"<!-- model-serving-review:[^\n]* -->\n{_REVIEWED}\n")


def marker(stack: str) -> str:
    """The first line of a stack's comment, by which it is updated in place."""
    return f"<!-- model-serving-review:{stack} -->"


def digest_marker(digest: str, sections: Mapping[str, str]) -> str:
    """The line that holds the digest, and a short hash of each section that it covers."""
    short = [f"{name}:{value[:SHORT]}" for name, value in sorted(sections.items())]
    return _DIGEST.format(" ".join([digest, *short]))


def reviewed_digest(comment: str) -> str:
    """The digest of what a comment's readers approve; empty where it approves nothing."""
    hidden = _hidden_lines(comment)
    return hidden["digest"] if hidden else ""


def reviewed_sections(comment: str) -> dict[str, str]:
    """A hash of each section that the digest covers, by name."""
    hidden = _hidden_lines(comment)
    return dict(each.rsplit(":", 1) for each in hidden["sections"].split()) if hidden else {}


def _hidden_lines(comment: str) -> re.Match[str] | None:
    # At the start only: what follows is written by the author of the change, too.
    return re.match(_HIDDEN_LINES, comment)
