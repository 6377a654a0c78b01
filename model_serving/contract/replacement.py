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


ALTERNATIVE: Final = "declare a second endpoint under a new name, move the callers, then remove the first"


def explain_replacement() -> str:
    """Why a replacement is refused, and what to do instead, in one line."""
    return f"Pulumi would delete the endpoint and create another: {'; '.join(Effect)}. Instead, {ALTERNATIVE}"


def explain_replace_id(endpoint_id: str) -> str:
    """How to allow the replacement of the live endpoint of that id, in one line."""
    return (
        f"If an outage is acceptable, write `replace_id: {endpoint_id}` on the endpoint in the stack's own file and "
        "run the same command again; remove the line afterwards"
    )
