"""The differences between two redacted values of a resource, field by field.

Items of the provider's lists are identified by what names them (a served entity's name, a tag's key), so that an item
inserted at the front does not make all others look changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from model_serving.review.plan.redact import Mark

K = TypeVar("K")
V = TypeVar("V")

Path: TypeAlias = tuple[str, ...]
"""Parts of a path, with list items in brackets: `("config", "servedEntities", "[champion]")`."""

NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "servedEntities": ("name",),
    "servedModels": ("name",),
    "routes": ("servedModelName", "servedEntityName"),
    "tags": ("key",),
    "accessControls": ("servicePrincipalName", "userName", "groupName"),
}
"""The fields that name an item of each list; the first one that is set counts."""


class Kind(StrEnum):
    """How a field changes."""

    ADD = "add"
    REMOVE = "remove"
    UPDATE = "update"
    REORDER = "reorder"


@dataclass(frozen=True)
class Change:
    """One changed field. Both values are redacted (see redact.py)."""

    path: Path
    kind: Kind
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        return dotted(self.path)

    @property
    def pattern(self) -> str:
        """The path with list items as `*`, as the contract writes it."""
        return ".".join("*" if part.startswith("[") else part for part in self.path)


def dotted(path: Path) -> str:
    """`config.servedEntities[champion].entityVersion`."""
    return "".join(part if part.startswith("[") or not n else f".{part}" for n, part in enumerate(path))


def compare(old: Any, new: Any, differs: tuple[str, ...] = (), path: Path = ()) -> Iterator[Change]:
    """Every change between two redacted values, parents before children, sorted by name.

    Two secrets can't be compared; they differ if the provider reports it (`differs`, its paths).
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _maps(old, new, differs, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, differs, path)
    elif old is Mark.SECRET and new is Mark.SECRET:
        if _reported(path, differs):
            yield Change(path, Kind.UPDATE, old, new)
    elif old != new:
        yield Change(path, Kind.UPDATE, old, new)


def _maps(old: Mapping[str, Any], new: Mapping[str, Any], differs: tuple[str, ...], path: Path) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        where = (*path, name)
        if name not in new:
            yield Change(where, Kind.REMOVE, old=old[name])
        elif name not in old:
            yield Change(where, Kind.ADD, new=new[name])
        else:
            yield from compare(old[name], new[name], differs, where)


def _lists(old: list[Any], new: list[Any], differs: tuple[str, ...], path: Path) -> Iterator[Change]:
    before, after = named(path[-1] if path else "", old), named(path[-1] if path else "", new)
    if before is None or after is None:
        if old != new:
            yield Change(path, Kind.UPDATE, old, new)
        return
    yield from _maps(before, after, differs, path)
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change(path, Kind.REORDER, list(before), list(after))


def named(field: str, items: list[Any]) -> dict[str, Any] | None:
    """The items by their names in brackets, or None if an item has no name, or two share one."""
    by_name: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, Mapping):
            return None
        name = next((item[key] for key in NAMED_BY.get(field, ()) if item.get(key)), None)
        if not isinstance(name, str) or f"[{name}]" in by_name:
            return None
        by_name[f"[{name}]"] = item
    return by_name


def readable(path: Path, value: Any) -> Any:
    """A value without the keys that its path has: `risk` for the tag `{key: team, value: risk}` at `tags[team]`.

    A whole list of such items becomes a map of them.
    """
    field = path[-1] if path else ""
    if isinstance(value, list) and value and (items := named(field, value)):
        return {name[1:-1]: readable((*path, name), item) for name, item in items.items()}
    if not (field.startswith("[") and len(path) > 1 and isinstance(value, Mapping)):
        return value
    rest = {key: item for key, item in value.items() if key not in NAMED_BY.get(path[-2], ())}
    return next(iter(rest.values())) if len(rest) == 1 else rest


def paired(before: Mapping[K, V], after: Mapping[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    """Each key with its values on both sides, in the order of `after`, removed ones last."""
    return ((key, before.get(key), after.get(key)) for key in dict.fromkeys([*after, *before]))


def _reported(path: Path, differs: tuple[str, ...]) -> bool:
    """Whether the provider reports this path or one around it. Its paths count list items, so brackets are left out."""
    fields = tuple(part for part in path if not part.startswith("["))
    reported = (tuple(part.partition("[")[0] for part in each.split(".")) for each in differs)
    return any(fields[: len(each)] == each for each in reported)
