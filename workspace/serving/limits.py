"""What a workspace allows at most, as data: `python -m workspace --limit NAME=NUMBER` changes one.

Source: product documentation, model serving limits and regions.
"""

from dataclasses import dataclass, fields, replace


class LimitError(Exception):
    """A limit that there isn't, or that is no number; the text is for the one who wrote it."""


@dataclass(frozen=True)
class Limits:
    """Each is a count, except `window`, which is in seconds."""

    endpoints: int = 1000
    changes: int = 50
    """Creates and config updates in any `window`."""
    window: int = 300
    entities: int = 15
    """Served entities of one endpoint; the documentation's text says 10, the limit was raised since."""
    environment_vars: int = 30
    """Of one served entity."""


def limited(choices: list[str]) -> Limits:
    """The limits, some of them changed by texts `NAME=NUMBER`. Raises LimitError."""
    names = [each.name for each in fields(Limits)]
    limits = Limits()
    for choice in choices:
        name, _, number = choice.partition("=")
        if name not in names:
            raise LimitError(f"Unknown limit '{name}', there are: {', '.join(names)}")
        if not number.isdigit():
            raise LimitError(f"Limit '{name}' must be a whole number, found '{number}'")
        limits = replace(limits, **{name: int(number)})
    return limits
