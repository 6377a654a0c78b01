"""Bodies of requests: only JSON that can be kept, compared and sent back is taken in.

Python's parser takes more than the standard allows (NaN, halves of surrogate pairs, numbers beyond any float), and what
it took would fail later, in an answer. The service's limit of nesting is not known; this one is far beyond any request.
"""

import json
import math
from typing import Any, Final

from model_serving.workspace.http.errors import MalformedRequest
from model_serving.workspace.store.database import Json

DEEPEST: Final = 100


def json_object(body: bytes) -> Json:
    """The object in a body. Raises MalformedRequest for anything else."""
    try:
        value = json.loads(body, parse_constant=_refused, parse_float=_finite)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as fault:
        raise MalformedRequest(f"Could not parse request object: {fault}") from fault
    if not isinstance(value, dict):
        raise MalformedRequest("Could not parse request object: Expected a JSON object.")
    if _is_too_deep(value):
        raise MalformedRequest(f"Could not parse request object: It is nested deeper than {DEEPEST} levels.")
    return value


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [part for each in inner for part in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return False
    return True
