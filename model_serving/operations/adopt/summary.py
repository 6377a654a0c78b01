"""What an adoption takes and what it doesn't, for the terminal."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from model_serving.operations.adopt.entry import Adoption, Entry, NotAdopted

_MOST: Final = 30
"""So many lines of a kind are shown; `--json` has all."""

_FLAGS: Final = {"route_optimized": "route optimized", "stopped": "stopped"}

NEVER_READ: Final = (
    "No read returns burst scaling, the rate limits of before the AI gateway, or an endpoint's own budget policy: these"
    " are not declared, and stay as they are"
)
"""Source: Databricks CLI, bundle/direct/dresources/resources.yml; REST reference, get a serving endpoint."""


def summary(adoption: Adoption, stack: str) -> str:
    """The summary, in lines that end with a line break."""
    return "".join(f"{line}\n" for line in _lines(adoption, stack))


def _lines(adoption: Adoption, stack: str) -> Iterator[str]:
    number = len(adoption.entries) + len(adoption.not_adopted)
    if not number:
        yield "The workspace has no serving endpoints that you may view: nothing to adopt"
    else:
        yield f"{len(adoption.entries)} of {_counted(number)} can be adopted into stack {stack}"
    yield from _first(f"  {_of_entry(entry)}" for entry in adoption.entries)
    if adoption.left_out:
        yield "Not declared, because a stack file can't express it:"
        yield from _first(f"  {name}: {each.path}: {each.why}" for name, each in adoption.left_out)
    if adoption.entries:
        yield NEVER_READ
    if named := sorted({alias for entry in adoption.entries for alias in entry.aliases}):
        yield f"Aliases: {', '.join(named)}"
    if adoption.not_adopted:
        yield "Not adopted:"
        yield from _first(f"  {line}" for line in _of_refused(adoption.not_adopted))
    yield from adoption.notes


def _of_entry(entry: Entry) -> str:
    fields = entry.fields
    parts = [_models(fields)]
    if permissions := fields.get("permissions"):
        parts.append(f"{len(permissions)} permission{'s' * (len(permissions) > 1)}")
    parts += [
        word for word, name in (("route optimized", "route_optimized"), ("stopped", "stopped")) if fields.get(name)
    ]
    if fields.get("default_tags") is False:
        parts.append("without default_tags")
    parts += [f"made by {entry.creator}"] if entry.creator else []
    key = f" as {entry.key}" if entry.key != entry.name else ""
    return f"{entry.name}{key}: {'; '.join(parts)}"


def _models(fields: Any) -> str:
    traffic = fields.get("traffic") or {}
    return ", ".join(
        f"{_model(entity)}{f' {traffic[name]} %' if name in traffic else ''}"
        for name, entity in fields["served_entities"].items()
    )


def _model(entity: Any) -> str:
    model = str(entity.get("entity") or entity.get("feature_spec"))
    return f"{model} v{entity['version']}" if "version" in entity else model


def _of_refused(refused: Iterable[NotAdopted]) -> Iterator[str]:
    """One line for each text: endpoints of one kind have the same."""
    by_text: dict[tuple[str, str], list[str]] = {}
    for each in refused:
        by_text.setdefault((each.reason, each.why), []).append(each.name)
    for (reason, why), names in by_text.items():
        shown = ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")
        yield f"{shown}: {reason}: {why}"


def _first(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:_MOST]
    if len(every) > _MOST:
        yield f"  and {len(every) - _MOST} more: --json has all"


def _counted(number: int) -> str:
    return f"{number} endpoint{'s' * (number != 1)}"
