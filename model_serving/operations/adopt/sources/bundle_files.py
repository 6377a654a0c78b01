"""The files of a Databricks bundle as one map: what `databricks.yml` includes, and a target over it.

Sources: product documentation, bundle configuration; Databricks CLI, libs/dyn/merge (maps merge, sequences are
concatenated).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_serving.errors import UserError
from model_serving.spec.diagnostics import Location
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.yaml_locations import Document, read


@dataclass(frozen=True)
class Bundle:
    """A bundle with its target applied, and where each value was written."""

    data: Mapping[str, Any]
    locations: Mapping[FieldPath, Location]
    target: str
    given: Mapping[str, str]
    user: str | None

    def place(self, path: FieldPath) -> Location:
        """Where the value of a path was written, or what is around it."""
        known = (path[:end] for end in range(len(path), -1, -1))
        return next(self.locations[each] for each in known if each in self.locations)


def bundle_of(file: Path, target: str | None, given: Mapping[str, str], user: str | None) -> Bundle:
    """The bundle of that file for a target, by default the only one or the one that says so.

    `given` are values of variables, `user` is who deploys it. Raises UserError.
    """
    documents = [_readable(file)]
    for pattern in _list(documents[0].data.get("include")):
        included = sorted(file.parent.glob(str(pattern)))
        documents += [_readable(each) for each in included if each.resolve() != file.resolve()]
    data: Any = {}
    locations: dict[FieldPath, Location] = {}
    for document in documents:
        data = _merged(data, document.data)
        for path, location in document.locations.items():
            locations.setdefault(path, location)
    targets = data.get("targets") or {}
    chosen = target or _default_target(targets, file)
    if chosen and chosen not in targets:
        raise UserError(f'{file} has no target "{chosen}". Its targets are: {", ".join(targets) or "none"}')
    overlay = targets.get(chosen) or {}
    for document in documents:
        for path, location in document.locations.items():
            if path[:2] == ("targets", chosen) and path[2:]:
                # A map of the target is merged into one that has its place already.
                locations.setdefault(path[2:], location)
    variables = _merged(_declarations(data.get("variables")), _declarations(overlay.get("variables")))
    whole = {
        **_merged(data, {key: each for key, each in overlay.items() if key != "variables"}),
        "variables": variables,
    }
    return Bundle(whole, locations, chosen, given, user)


def _declarations(variables: Any) -> dict[str, Any]:
    """The declarations of variables. A target may give a value in place of a declaration."""
    found = variables if isinstance(variables, Mapping) else {}
    keys = {"default", "lookup", "type", "description"}
    return {
        str(name): dict(each) if isinstance(each, Mapping) and each.keys() <= keys else {"default": each}
        for name, each in found.items()
    }


def _default_target(targets: Mapping[str, Any], file: Path) -> str:
    named = [name for name, each in targets.items() if isinstance(each, Mapping) and each.get("default") is True]
    if named or len(targets) <= 1:
        return str([*named, *targets, ""][0])
    raise UserError(f"{file} has no default target. Choose one: --target {' or '.join(targets)}")


def _readable(file: Path) -> Document:
    if not file.is_file():
        raise UserError(f"There is no file {file}. Name the bundle's databricks.yml")
    document = read(file)
    if document.diagnostics:
        raise UserError("\n".join([f"{file} can't be read", *(f"  {each}" for each in document.diagnostics)]))
    if not isinstance(document.data, dict):
        raise UserError(f"{file} is no bundle: it is no map")
    return document


def _merged(under: Any, over: Any) -> Any:
    """Maps merge, sequences are concatenated, and a value replaces a value."""
    if under is None or over is None:
        return under if over is None else over
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return {**under, **{key: _merged(under.get(key), each) for key, each in over.items()}}
    return [*under, *over] if isinstance(under, list) and isinstance(over, list) else over


def _list(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else []
