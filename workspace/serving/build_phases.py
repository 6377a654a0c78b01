"""The phases of a deployment: what its state says, and what its logs have, at each moment of it.

Computed from the clock, as parts of the whole duration: resources, the container image (fetch the model, install its
dependencies, build), the model server. Sources: databricks-sdk-py `ServedModelStateDeployment` (while it is created,
"container image is building, model server is deploying for the first time"); product documentation, debug model serving
timeouts (the image is built first, then the server is deployed; build logs say why one failed); a capture of the
service for the first message. The other messages, the lines of the logs and the shares of the time are ours.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from model_serving.workspace.store.database import Json

FailingPhase: TypeAlias = Literal["fetch", "build", "start"]

FAILS_AT: Final[dict[FailingPhase, float]] = {"fetch": 0.10, "build": 0.35, "start": 0.90}
"""The part of the duration after which a deployment that fails in that phase ends."""

_SERVER_STARTS: Final = 0.65
_MESSAGES: Final = (
    (0.0, "Creating resources for served entity."),
    (0.05, "Building container image for served entity."),
    (_SERVER_STARTS, "Starting model server for served entity."),
)
_BUILD: Final = (
    (0.05, "Fetching {entity_name} version {entity_version}"),
    (0.15, "Building the image of {name}"),
    (0.35, "Dependencies installed"),
    (0.60, "Image built"),
)
_SERVER: Final = (
    (_SERVER_STARTS, "Starting the scoring server of {name}"),
    (0.75, "Scored by {scorer}"),
    (1.0, "The scoring server is ready"),
)

Line: TypeAlias = tuple[float, str]
"""A line of a log, and when it was written."""


def new_build(now: float, duration: float) -> Json:
    """The record of a deployment that begins now and takes that many seconds unless it fails."""
    return {"began_at": now, "duration": duration}


def creation_message(build: Json, now: float) -> str:
    """What the state of an entity says while it is deployed."""
    passed = _passed(build, now)
    return next(text for part, text in reversed(_MESSAGES) if passed >= part)


def build_lines(entity: Json, build: Json, failure: Json | None, now: float) -> list[Line]:
    """The lines of an entity's build log so far."""
    return list(_lines(_BUILD, entity, build, failure, now))


def server_lines(entity: Json, build: Json, failure: Json | None, now: float) -> list[Line]:
    """The lines of an entity's service log so far that are about its start."""
    return list(_lines(_SERVER, entity, build, failure, now))


def _lines(
    templates: tuple[tuple[float, str], ...], entity: Json, build: Json, failure: Json | None, now: float
) -> Iterator[Line]:
    ends = FAILS_AT[failure["phase"]] if failure else 1.0
    is_server = templates is _SERVER
    for part, template in templates:
        if part <= min(_passed(build, now), ends) and not (failure and part == ends):
            yield _time(build, part), template.format(**{"entity_version": None, **entity})
    if failure and is_server == (failure["phase"] == "start") and _passed(build, now) >= ends:
        yield _time(build, ends), f"ERROR: {failure['reason']}"


def _passed(build: Json, now: float) -> float:
    """The part of the duration that has passed; all of it if there is none."""
    return (now - build["began_at"]) / build["duration"] if build["duration"] > 0 else 1.0


def _time(build: Json, part: float) -> float:
    return float(build["began_at"] + part * build["duration"])
