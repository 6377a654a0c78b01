"""The explanation of a replacement: what it means for callers, what to do instead, and how to allow it."""

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

REFUSED_BY: Final = frozenset(
    {"immutable-endpoint-fields", "route-optimized-create-only", "no-silently-dropped-changes"}
)
"""The hook of the components and the rules of the policy pack that refuse a change of an immutable field.

Each refuses it by itself, since either can be missing. A report explains it once.
"""


def explain_replacement() -> str:
    """Why a replacement is refused, in one line."""
    return f"Pulumi would delete the endpoint and create another: {'; '.join(Effect)}"


def explain_replace_id(endpoint_id: str) -> str:
    """How to allow the replacement of the live endpoint of that id, in one line."""
    return (
        f"If an outage is acceptable: `replace_id: {endpoint_id}` on the endpoint in the stack's own file. It is valid "
        "only for this endpoint id; remove the line afterwards"
    )
