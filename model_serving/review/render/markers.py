"""Hidden lines of a comment: which stack it belongs to, and the digest of what its readers approve."""

import re
from typing import Final

_DIGEST: Final = "<!-- reviewed:{} -->"


def marker(stack: str) -> str:
    """The first line of a stack's comment, by which it is updated in place."""
    return f"<!-- model-serving-review:{stack} -->"


def digest_marker(digest: str) -> str:
    """The line that holds the digest."""
    return _DIGEST.format(digest)


def reviewed_digest(comment: str) -> str:
    """The digest of what a comment's readers approved; empty where it approves nothing."""
    found = re.search(f"^{_DIGEST.format('([0-9a-f]{16})')}$", comment, re.MULTILINE)
    return found[1] if found else ""
