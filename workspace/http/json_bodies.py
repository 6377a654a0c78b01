"""Strict parsing of JSON request bodies.

Python's parser accepts NaN, unpaired surrogates and numbers beyond the range of floats, which can't be returned in a
response. The service's nesting limit is not documented; this one exceeds that of any real request.
"""

import json
import math
from typing import Any, Final

from model_serving.workspace.http.errors import MalformedRequest
from model_serving.workspace.store.database import Json

MAX_DEPTH: Final = 100


def json_object(body: bytes) -> Json:
    """The JSON object in a body. Raises MalformedRequest for any other content."""
    try:
        value = json.loads(body, parse_constant=_reject_constant, parse_float=_finite)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"Could not parse request object: {error}") from error
    if not isinstance(value, dict):
        raise MalformedRequest("Could not parse request object: Expected a JSON object.")
    if _is_too_deep(value):
        raise MalformedRequest(f"Could not parse request object: Nested deeper than {MAX_DEPTH} levels.")
    return value


def _reject_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [part for each in inner for part in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return False
    return True
