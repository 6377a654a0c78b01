"""Correct misspelled keys: each is an error, and the values under it are validated all the same.

Otherwise a misspelled `served_entites` would hide every error below it until the next run.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from model_serving.spec.diagnostics import Diagnostic
from model_serving.spec.field_path import FieldPath, dotted
from model_serving.spec.files.yaml_locations import Document
from model_serving.spec.introspection import keys
from model_serving.spec.validation.messages import unknown_key
from model_serving.spec.validation.suggestions import closest

_CUTOFF: Final = 0.8
"""The least score of difflib for a key to be taken for another. `trafic` has 0.92 for `traffic`, and `traffic_config`,
which has another shape, 0.67."""


def with_corrected_keys(document: Document) -> Document:
    """The settings with each misspelled key corrected, and a diagnostic for it at its location."""
    if not document.readable:
        return document
    corrections: dict[FieldPath, FieldPath] = {}
    data = _corrected(document.data, (), corrections)
    if not corrections:
        return document
    diagnostics = [
        Diagnostic(document.locations[written], dotted(written), *unknown_key((*path[:-1], written[-1])))
        for written, path in corrections.items()
    ]
    locations = {**dict(_moved(document, corrections)), **document.locations}
    return replace(document, data=data, locations=locations, diagnostics=[*document.diagnostics, *diagnostics])


def _corrected(value: Any, path: FieldPath, corrections: dict[FieldPath, FieldPath], written: FieldPath = ()) -> Any:
    """`path` is the corrected path of the value, `written` its own. Each misspelled key is added to `corrections`."""
    if isinstance(value, list):
        return [_corrected(item, (*path, n), corrections, (*written, n)) for n, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    allowed = keys(path)
    result: dict[str, Any] = {}
    for key, inner in value.items():
        name = _correct_key(key, allowed, [*value, *result])
        if name != key:
            corrections[(*written, key)] = (*path, name)
        result[name] = _corrected(inner, (*path, name), corrections, (*written, key))
    return result


def _correct_key(key: str, allowed: list[str], written: list[str]) -> str:
    """The key itself if it is known, if any key is allowed, or if the closest key is there too."""
    if not allowed or key in allowed:
        return key
    name = closest(key, [each for each in allowed if each not in written], cutoff=_CUTOFF)
    return name or key


def _moved(document: Document, corrections: dict[FieldPath, FieldPath]) -> Iterator[tuple[FieldPath, Any]]:
    """The locations of values under misspelled keys, by their corrected paths."""
    for path, location in document.locations.items():
        corrected = tuple(corrections.get(path[: end + 1], (part,))[-1] for end, part in enumerate(path))
        if corrected != path:
            yield corrected, location
