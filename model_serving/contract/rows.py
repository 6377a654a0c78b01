"""The rows of the field contract as types, read from YAML. An invalid row fails when it is read."""

import functools
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml


class OnChange(StrEnum):
    """What the provider does with an edit of the field on a live resource."""

    UPDATE = "update"  # one write in place
    REPLACE = "replace"  # delete, then create
    DROPPED = "dropped"  # reports success and sends nothing
    CRASH = "crash"  # the provider panics


class Handling(StrEnum):
    """What this project's components do with the field."""

    PROVIDER = "provider"  # the provider writes it
    SETTINGS = "settings"  # EndpointSettings writes it, by the API's own call
    ACCESS = "access"  # EndpointAccess writes it, by the API's own call
    STOP = "stop"  # EndpointStop does it, by the API's own calls
    DELIVERY = "delivery"  # SecretDelivery writes it, by the API's own calls
    REFUSED = "refused"  # a change is refused at preview: the API has no call for it
    UNSENT = "unsent"  # only the service's default can be declared, so nothing is ever sent
    ABSENT = "absent"  # the components don't have it


class Consequence(StrEnum):
    """What an edit means for operators and callers of the endpoint, from harmless to worst."""

    METADATA = "metadata"  # nothing that serves is touched
    ACCESS = "access"  # who may do what changes
    TRAFFIC = "traffic"  # which entity answers changes
    REDEPLOY = "redeploy"  # entities are redeployed; the old ones serve meanwhile
    LOSS = "loss"  # the edit has no effect
    OUTAGE = "outage"  # the endpoint is deleted and created again


@dataclass(frozen=True)
class Field:
    """One field of one resource type.

    `path` is the provider's camelCase name, with `*` for any item of a list. `immutable` fields are set at creation
    only. `handling` is how this project's components send the field, `call` the API call of an edit, None if the API
    has none. With `repeats`, the provider repeats the edit at every run, because no read returns the value. `evidence`
    is the source of the fact, or how it was measured.
    """

    path: str
    on_change: OnChange
    consequence: Consequence
    reason: str
    evidence: str
    immutable: bool = False
    handling: Handling = Handling.PROVIDER
    on_add: OnChange | None = None
    on_remove: OnChange | None = None
    call: str | None = None
    repeats: bool = False


@functools.cache
def fields(resource: str) -> tuple[Field, ...]:
    """The rows of a resource type, for example `fields("model_serving")`. Raises ValueError for a row that is wrong."""
    file = Path(__file__).parent / f"{resource}.yaml"
    rows = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(_field(file.name, path, row) for path, row in rows.items())


def _field(file: str, path: str, row: dict[str, str]) -> Field:
    try:
        return Field(
            path=path,
            on_change=OnChange(row["on_change"]),
            consequence=Consequence(row["consequence"]),
            reason=row["reason"],
            evidence=row["evidence"],
            immutable=bool(row.get("immutable", False)),
            handling=Handling(row.get("handling", "provider")),
            on_add=OnChange(row["on_add"]) if "on_add" in row else None,
            on_remove=OnChange(row["on_remove"]) if "on_remove" in row else None,
            call=row.get("call"),
            repeats=bool(row.get("repeats", False)),
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f'{file}: field "{path}": {error}') from error
