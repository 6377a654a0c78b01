"""Error answers as one line. Proxies in front of the workspace answer in plain text or HTML."""

import json
import re
from typing import Any, Final

_MAX_LENGTH: Final = 200
_MARKUP: Final = re.compile(r"<(style|script).*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def summary(status: int, reason: str, body: bytes) -> str:
    """An answer as one line: `503 (upstream connect error)`."""
    return f"{status} ({_message(body) or reason})"


def is_api_error(body: bytes) -> bool:
    """Whether a body has the form of the API's own errors, a JSON object, or is empty."""
    return not body or _object(body) is not None


def _message(body: bytes) -> str:
    found = _object(body)
    if found is None:
        text = _MARKUP.sub(" ", body.decode("utf-8", "replace"))
    else:
        text = str(found.get("message") or found.get("detail") or found.get("error") or "")
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LENGTH else f"{line[:_MAX_LENGTH]}..."


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
