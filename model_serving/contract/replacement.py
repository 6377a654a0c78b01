"""The explanation of a replacement: what it means for callers, what to do instead, and how to allow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Effect(StrEnum):
    """What callers notice after an endpoint was deleted and created again."""

    OUTAGE = "nothing answers until the new endpoint is ready"
    URL = "its URL changes: callers need the new one"
    ID = "its id changes: tokens and permissions for the old id stop working"
    CREATOR = "it will run as the identity that deploys this change"

    @property
    def sentence(self) -> str:
        """The effect with a capital letter, to stand alone."""
        return self[0].upper() + self[1:]


ALTERNATIVE: Final = (
    "Without an outage: declare a second endpoint under a new name, move the callers, then remove the first"
)


@dataclass(frozen=True)
class DeclaredPlace:
    """The stack and the key whose files declare an endpoint, and its part in a migration."""

    stack: str
    key: str
    has_predecessor: bool = False
    is_predecessor: bool = False

    @property
    def in_migration(self) -> bool:
        """Whether it has a predecessor or is one."""
        return self.has_predecessor or self.is_predecessor


REFUSED_BY: Final = frozenset(
    {"immutable-endpoint-fields", "route-optimized-create-only", "no-silently-dropped-changes"}
)
"""The hook of the components and the rules of the policy pack that refuse a change of an immutable field.

Each refuses it by itself, since either can be missing. A report explains it once.
"""


def explain_replacement() -> str:
    """Why a replacement is refused, in one line."""
    return f"Pulumi would delete the endpoint and create another: {'; '.join(Effect)}"


def explain_alternative(place: DeclaredPlace | None, options: Sequence[str]) -> str:
    """How to change immutable fields without an outage, in one line.

    `options` are those of `model-serving migrate` for the change, as in `--set route_optimized=true`. Without them, and
    for an endpoint that no stack file declares (None), it is ALTERNATIVE.
    """
    if place is None or not options:
        return ALTERNATIVE
    if place.in_migration:
        return f"Without an outage: end its migration first, then start another: {_migrate(place, '--status')}"
    return f"Without an outage: take this edit back, then run {_migrate(place, *options)}"


def explain_new_creator(place: DeclaredPlace | None, name: str, identity: str) -> str:
    """How an endpoint comes to run as another identity, in one line. `name` is the endpoint's, as it is declared."""
    if place is None or place.in_migration:
        return f"{ALTERNATIVE}. Deploy the second one as {identity}: a creator can't be changed"
    migrate = _migrate(place, f"--name {name}-2")
    return f"Without an outage: run {migrate}, and deploy that as {identity}: a creator can't be changed"


def _migrate(place: DeclaredPlace, *options: str) -> str:
    return f"`model-serving migrate {place.key} {' '.join(options)} --stack {place.stack}`"


def explain_replace_id(endpoint_id: str) -> str:
    """How to allow the replacement of the live endpoint of that id, in one line."""
    return (
        f"If an outage is acceptable: `replace_id: {endpoint_id}` on the endpoint in the stack's own file. It is valid "
        "only for this endpoint id; remove the line afterwards"
    )
