"""The endpoints of a listing that a selection means."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from model_serving.errors import UserError
from model_serving.operations.adopt.entry import Selection
from model_serving.spec.validation.suggestions import suggestion

Summaries = Mapping[str, Mapping[str, Any]]
"""The items of a listing by name."""


def candidates(selection: Selection, listed: Summaries) -> dict[str, Mapping[str, Any]]:
    """The chosen endpoints by name, sorted. One that is named exactly and not listed has an empty summary.

    A listing may lie behind, and has only what the caller may view. Raises UserError where a pattern or a creator has
    no endpoint.
    """
    names = dict.fromkeys(_names(selection.patterns, listed)) if selection.patterns else dict.fromkeys(listed)
    found = {name: listed.get(name, {}) for name in sorted(names)}
    if not selection.creator or not found:
        return found
    made = {name: each for name, each in found.items() if is_made_by(each, selection.creator) or not each}
    if not made:
        creators = sorted({str(each["creator"]) for each in found.values() if each.get("creator")})
        hint = suggestion(selection.creator, creators, "Their creators")
        raise UserError(f"--creator {selection.creator}: none of {len(found)} endpoints was created by it. {hint}")
    return made


def is_made_by(answer: Mapping[str, Any], creator: str) -> bool:
    """Whether the endpoint was created by the user of that name, or the service principal with that application id."""
    return str(answer.get("creator") or "").lower() == creator.lower()


def is_pattern(name: str) -> bool:
    """Whether a text is a pattern: no name of an endpoint has these characters."""
    return any(character in name for character in "*?[")


def _names(patterns: Sequence[str], listed: Summaries) -> Iterator[str]:
    for pattern in patterns:
        if not is_pattern(pattern):
            yield pattern
            continue
        matching = [name for name in listed if fnmatchcase(name, pattern)]
        if not matching:
            hint = suggestion(pattern.strip("*"), listed, "Its endpoints") if listed else "You may view none"
            raise UserError(f"--name {pattern}: no endpoint of the workspace matches. {hint}")
        yield from matching
