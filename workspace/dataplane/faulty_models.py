"""Models that are slow, failing or wrong on purpose, one version or all, for tests of rollouts and of monitoring.

    latency   the time of each request, as in 200ms or 1.5s; other requests do not wait
    jitter    how much longer or shorter than that it is at most, as in 50ms
    fails     the share of requests with status 500, as in 5%
    rejects   the share of requests with status 400, as of a model with another signature
    wrong     the share of requests with other predictions than the model's

Set by `--model NAME[/VERSION]:latency=200ms,fails=5%`, by `answers` of a model or version in a seed, and at run time by
`POST /_workspace/models/{name}/answers`. Nothing is random: of each hundred requests to a version exactly that many
fail, in mixed order, and the same ones in each run. Shares below one percent are exact for each ten thousand.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from model_serving.workspace.http.errors import ApiError, BadRequest
from model_serving.workspace.store.database import Json, Store

STRIDE: Final = 37  # coprime to 100: any 100 consecutive requests take every percentage once, in mixed order

_KIND: Final = "answers"
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_SHARE: Final = re.compile(r"(\d+(?:\.\d+)?)%")
_ALL: Final = 100
_TIMES: Final = ("latency", "jitter")
MEMBERS: Final = (*_TIMES, "fails", "rejects", "wrong")


class AnswersError(Exception):
    """An invalid description of how a model answers."""


@dataclass(frozen=True)
class Answer:
    """How one request to such a model goes. `seconds` is None if the model takes its own time."""

    seconds: float | None = None
    error: ApiError | None = None
    is_wrong: bool = False


def set_answers(store: Store, model: str, described: Any) -> None:
    """Sets how a model, or `model/version`, answers from now on; nothing described: normally. Raises AnswersError."""
    if described is None:
        return
    if not isinstance(described, dict):
        raise AnswersError(f"{model}: answers must be a mapping of {', '.join(MEMBERS)}")
    if unknown := [name for name in described if name not in MEMBERS]:
        raise AnswersError(f"{model}: unknown '{unknown[0]}' in answers, allowed: {', '.join(MEMBERS)}")
    store.put(_KIND, model, {name: _number(model, name, value) for name, value in described.items()})


def next_answer(store: Store, entity: Json) -> Answer:
    """How the next request to an entity goes: as its version's description says, else as its model's."""
    name, version = str(entity.get("entity_name")), str(entity.get("entity_version"))
    described = store.get(_KIND, f"{name}/{version}") or store.get(_KIND, name)
    if not described:
        return Answer()
    number = store.count(f"answers of {name}/{version}", start=1)
    # from 0 to 100; what is behind the point changes with each hundred requests
    place = number * STRIDE % 100 + (number // 100 * STRIDE % 100) / 100
    return Answer(
        _seconds(described, place), _error(described, place, entity), place >= 100 - described.get("wrong", 0)
    )


def distorted(response: Json) -> Json:
    """A response with other predictions, in the same format."""
    values = {member: _other(response[member]) for member in ("predictions", "outputs") if member in response}
    chats = ("choices", "messages", "output")
    texts = {member: _other_texts(response[member]) for member in chats if member in response}
    return response | values | texts


def _number(model: str, name: str, value: Any) -> float:
    """Seconds or percent. A text without a unit is refused: nobody can say what 5 means."""
    unit, pattern = ("a time such as 200ms or 1.5s", _DURATION) if name in _TIMES else ("a share such as 5%", _SHARE)
    match = pattern.fullmatch(str(value).strip())
    if not match or (pattern is _SHARE and float(match[1]) > _ALL):
        raise AnswersError(f"{model}: {name} must be {unit}; found '{value}'")
    number = float(match[1])
    return number / 1000 if pattern is _DURATION and match[2] == "ms" else number


def _seconds(described: Json, place: float) -> float | None:
    if not {"latency", "jitter"} & described.keys():
        return None
    return max(0.0, float(described.get("latency", 0.0)) + float(described.get("jitter", 0.0)) * (place / 50 - 1))


def _error(described: Json, place: float, entity: Json) -> ApiError | None:
    fails, rejects = described.get("fails", 0), described.get("rejects", 0)
    if place < fails:
        return ApiError(f"Served entity '{entity['name']}' failed: an error on purpose of this workspace")
    if place < fails + rejects:
        return BadRequest("Failed to enforce schema of data. Error: an error on purpose of this workspace.")
    return None


def _other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"not {value}"
        case list():
            return [_other(each) for each in value]
        case dict():
            return {name: _other(each) for name, each in value.items()}
        case _:
            return "wrong"


def _other_texts(value: Any) -> Any:
    """A chat's answer with other texts, and everything else as it was."""
    if isinstance(value, list):
        return [_other_texts(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _other(each) if name in ("content", "text") and isinstance(each, str) else _other_texts(each)
        for name, each in value.items()
    }
