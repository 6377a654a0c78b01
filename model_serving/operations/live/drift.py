"""How an endpoint differs from what the stack files declare, in phrases: the comparison is that of `drift`.

Permissions are not read here, and of an endpoint in a large stack only what a listing has.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_serving.databricks.serving_endpoints import is_updating
from model_serving.operations.drift.declared import Declared
from model_serving.operations.drift.deployed import DeployedEndpoint
from model_serving.operations.drift.endpoint_fields import endpoint_fields
from model_serving.operations.drift.report import FieldDrift
from model_serving.spec.field_path import FieldPath


@dataclass(frozen=True)
class Expected:
    """What the stack files and the state say of an endpoint."""

    declared: Declared | None
    """None where the stack files do not declare the endpoint, or have errors."""
    deployed: DeployedEndpoint | None
    """None if it has not been deployed, or the state can't be read."""
    is_state_known: bool
    """Whether the state could be read."""
    key_of: Callable[[str], str] = str
    """The key of a service principal of the stack by its application id."""


def differences(live: Mapping[str, Any], expected: Expected, *, listed: bool) -> Iterator[str]:
    """A phrase for each difference of GET's answer, or with `listed` of a summary in the listing."""
    deployed, declared = expected.deployed, expected.declared
    if deployed and live.get("id") not in (None, deployed.id) and declared is None:
        yield RECREATED
    is_being_created = is_updating(live) and not live.get("config")  # by a run that has not recorded it yet
    if expected.is_state_known and not deployed and not is_being_created:
        yield "it exists, but not in the state of this stack"
    if declared is not None:
        yield from map(phrase, endpoint_fields(declared, deployed, live, expected.key_of, listed=listed))


RECREATED: Final = "it was deleted and created again under this name, outside of this stack"


def phrase(field: FieldDrift) -> str:
    """A field that differs, in one phrase."""
    if field.path == ("id",):
        return RECREATED
    if field.path == ("stopped",):
        return "it is stopped" if field.live else "it is not stopped"
    note = f" ({field.note})" if field.note else ""
    live, declared = _text(field.live, field.path), _text(field.declared, field.path)
    if field.live is None:
        return f"{field.name} is missing{note}"
    if field.declared is None:
        return f"{field.name} is {live}, and not declared{note}"
    if field.live == field.declared:  # neither is shown
        return f"{field.name} has another value{note}"
    return f"{field.name} is {live} instead of {declared}{note}"


def _text(value: Any, path: FieldPath) -> str:
    if isinstance(value, Mapping):
        unit = " %" if path == ("traffic",) else ""
        return ", ".join(f"{name} {_text(each, path)}{unit}" for name, each in value.items())
    if isinstance(value, list):
        return "; ".join(_text(each, path) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
