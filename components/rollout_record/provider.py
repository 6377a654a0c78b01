"""Create, update, read and delete `RolloutRecord` and `RolloutStep`, as Pulumi dynamic providers.

The engine runs this in another process, started in the project's folder. The state refers to both classes by module and
name: if they move, existing states can no longer be read.
"""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

RECORD: Final = "record"
EXPECTS: Final = "expects"
STEP: Final = "step"
SINCE: Final = "since"


class TakenOverError(Exception):
    """Another run has written the record since this one read it. The message is for the user."""


class RecordProvider(ResourceProvider):
    """Inputs: `endpointName`; `record`, a JSON text with a `revision`; `expects`, the revision to replace.

    Without `record`, which is so in every run that rolls nothing out, the state keeps the one it has.
    """

    serialize_as_secret_always = False  # an instance holds nothing: it is the same text in every state

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed only by another record. Raises TakenOverError, in a preview too, if it expects another revision."""
        record = _news.get(RECORD)
        if not record or record == _olds.get(RECORD):
            return DiffResult(changes=False)
        _require(_news, _olds)
        return DiffResult(changes=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Keep the record, if there is one already."""
        _require(props, {})
        return CreateResult(f"rollouts of {props['endpointName']}", _kept(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep the record in place of the expected one."""
        _require(_news, _olds)
        return UpdateResult(_kept(_news, _olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The record of the state: there is nothing else to read."""
        return ReadResult(id_, _outputs(props))


class StepProvider(ResourceProvider):
    """Inputs: `step`, the id of a step. Its output `since` says when that step's split was deployed.

    It depends on the endpoint. Without `step`, the state keeps the one it has.
    """

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed only by another step."""
        return DiffResult(changes=bool(_news.get(STEP)) and _news.get(STEP) != _olds.get(STEP))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Note the time."""
        return CreateResult(f"step of {props['endpointName']}", {**_outputs(props), SINCE: _now()})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Note the time of the new step."""
        return UpdateResult({**_outputs(_news), SINCE: _now()})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The time of the state: there is nothing else to read."""
        return ReadResult(id_, _outputs(props))


def revision(record: Any) -> str:
    """The revision of a record's text; empty without one."""
    return str(json.loads(record)["revision"]) if record else ""


def _require(wanted: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Raise TakenOverError unless the state has the revision that the new record replaces."""
    if wanted.get(RECORD) and revision(state.get(RECORD)) != (wanted.get(EXPECTS) or ""):
        sys.tracebacklimit = 0  # Pulumi would print it, and it does not help the user
        raise TakenOverError(
            f'The rollout of serving endpoint "{wanted["endpointName"]}" was continued or ended by another run since.'
            " This run stops here: nothing of this endpoint was changed by it"
        )


def _kept(wanted: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    record = wanted.get(RECORD) or state.get(RECORD)
    return {**_outputs(wanted), **({RECORD: record} if record else {})}


def _outputs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in props.items() if not name.startswith("__") and name != EXPECTS}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
