"""Where the stack files declare what a report is about."""

from typing import Protocol

from model_serving.spec.diagnostics import Location


class Locations(Protocol):
    """Returns the line of a field of a resource, or of what is nearest around it; None if no file declares it."""

    def __call__(self, kind: str, key: str, field: tuple[str, ...] = ..., /) -> Location | None:
        """The location of `field` below the resource of this kind and key; the resource's own for an empty one."""


def nowhere(_kind: str, _key: str, _field: tuple[str, ...] = ()) -> Location | None:
    """No location, for a report without stack files."""
    return None
