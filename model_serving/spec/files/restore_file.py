"""The file of a rollback's `up`: one endpoint as Pulumi's state has it, with another split or other versions.

`model-serving rollback` writes it for the program that it runs, and names it in MODEL_SERVING_ROLLOUT. The stack files
are not read then: they may be ahead of what is deployed, and an incident must not deploy the rest of them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from model_serving.spec.files.rollout_step import PLANNED, VARIABLE, EndpointStep, RolloutFileError

_MARK: Final = '{"restore":'


@dataclass(frozen=True)
class RestoredEntity:
    """A served entity: as the state has it, or with another version, or as a stack file declared it."""

    name: str
    fields: tuple[str, ...] = ()
    """The names of its inputs in the state; empty for one that the state doesn't have."""
    version: str | None = None
    declared: Mapping[str, Any] | None = None
    """Its declaration in the vocabulary of stack files, which replaces all of it."""


@dataclass(frozen=True)
class Restore:
    """What the program registers. Names and types are those in the state."""

    stack: str
    resource: str
    """The name of the endpoint's resource, and of its component."""
    name: str
    """The endpoint's name in the workspace."""
    traffic: Mapping[str, int]
    entities: tuple[RestoredEntity, ...]
    """In the order of the state, new ones last."""
    fields: tuple[str, ...]
    """The names of the endpoint's inputs in the state that stay."""
    config_fields: tuple[str, ...] = ()
    """The same of its `config`, besides the entities and the traffic."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """The outputs of its component."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """The inputs of its component, such as its part in a migration."""
    siblings: tuple[tuple[str, str], ...] = ()
    """Type and name of the other resources of its component."""
    protect: bool = False
    retain_on_delete: bool = False
    step: EndpointStep | None = None
    """For an endpoint whose rollouts are recorded."""
    is_rollback: bool = True
    """Whether the state says from now on that the endpoint was rolled back."""
    companion: "Restore | None" = None
    """Its predecessor, which goes back with it."""

    @property
    def text(self) -> str:
        """The file's text."""
        return json.dumps({"restore": asdict(self)}, default=dict)


_ADAPTER: Final = TypeAdapter(Restore)


def restore_of_this_run(stack: str, environment: Mapping[str, str] = os.environ) -> Restore | None:
    """What a rollback gives this run to restore; None in every other run. Raises RolloutFileError."""
    value = environment.get(VARIABLE, "").strip()
    if value in ("", PLANNED):
        return None
    try:
        text = Path(value).read_text(encoding="utf-8")
        if not text.startswith(_MARK):
            return None  # the file of a rollout, which its own reader judges
        restore = _ADAPTER.validate_python(json.loads(text)["restore"])
    except (OSError, ValueError) as error:
        reason = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else error
        raise RolloutFileError(f"{VARIABLE}: {value} can't be used: {reason}. Unset {VARIABLE}") from None
    if restore.stack != stack:
        raise RolloutFileError(
            f"{VARIABLE}: {value} is of stack {restore.stack}, and this is {stack}. Unset {VARIABLE}"
        )
    return restore
