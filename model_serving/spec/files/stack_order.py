"""Which stacks are deployed before which: `model-serving:after` of the stacks' own files."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

from model_serving.errors import UserError
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.yaml_locations import read
from model_serving.spec.validation.suggestions import suggestion

AFTER: Final = "after"
"""The key, in a stack's own file."""


def order_problems(name: str, after: Iterable[str], folder: Path) -> Iterator[Problem]:
    """The problems of a stack's `after`: a stack that has no file, and stacks that wait for each other."""
    existing = [file.stem.removeprefix("Pulumi.") for file in sorted(folder.glob("Pulumi.*.yaml"))]
    for n, other in enumerate(after):
        if other not in existing:
            yield (AFTER, n), f'there is no stack "{other}"', suggestion(other, existing, "Stacks here")
    if cycle := _cycle({**_declared(existing, folder), name: tuple(after)}, through=name):
        yield (AFTER,), f"no order of deployments is possible: {_chain(cycle)}", "Remove one of these from `after`"


def waves(names: Collection[str], folder: Path) -> list[list[str]]:
    """The stacks in the order of their deployments: those of a wave wait for all stacks of the waves before.

    Stacks that are not named count too where one of them lies between two others. Raises UserError for a cycle.
    """
    existing = [file.stem.removeprefix("Pulumi.") for file in sorted(folder.glob("Pulumi.*.yaml"))]
    declared = _declared(existing, folder)
    if cycle := next(filter(None, (_cycle(declared, name) for name in existing)), None):
        raise UserError(f"No order of deployments is possible: {_chain(cycle)}. Correct `{NAMESPACE}{AFTER}`")
    sorter = TopologicalSorter(declared)
    sorter.prepare()
    in_order = []
    while ready := sorter.get_ready():
        sorter.done(*ready)
        in_order.append(sorted(set(ready) & set(names)))
    return [wave for wave in in_order if wave]


def _declared(existing: Iterable[str], folder: Path) -> dict[str, tuple[str, ...]]:
    """The `after` of each stack, as far as it can be read and names stacks that exist."""
    known = set(existing)
    return {name: tuple(each for each in _after(folder, name) if each in known) for name in known}


def _after(folder: Path, name: str) -> list[str]:
    data = read(folder / f"Pulumi.{name}.yaml").data
    config = data.get(CONFIG) if isinstance(data, dict) else None
    value = config.get(NAMESPACE + AFTER) if isinstance(config, dict) else None
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _chain(cycle: Iterable[str]) -> str:
    return " after ".join(f'"{each}"' for each in cycle)


def _cycle(after: Mapping[str, tuple[str, ...]], through: str) -> list[str]:
    """The stacks of a cycle that leads through one of them, beginning and ending with it; empty where there is none."""
    paths = [[through]]
    seen = set()
    while paths:
        path = paths.pop()
        for other in after.get(path[-1], ()):
            if other == through:
                return [*path, other]
            if other not in seen:
                seen.add(other)
                paths.append([*path, other])
    return []
