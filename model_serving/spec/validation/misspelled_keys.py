"""Keys that are not quite those of the vocabulary: a mistake each, and what stands under them is judged all the same.

Without this a misspelt `served_entites` would hide every mistake below it until the next run.
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

_SURELY: Final = 0.8
"""How alike two keys are, by difflib's score, for one to be taken for the other. `trafic` is `traffic` with 0.92, and
`traffic_config`, which has another shape, is not, with 0.67."""


def with_corrected_keys(document: Document) -> Document:
    """Our settings with each misspelt key as the one that was meant, and a diagnostic for it at its written."""
    if not document.readable:
        return document
    meant: dict[FieldPath, FieldPath] = {}
    data = _corrected(document.data, (), meant)
    if not meant:
        return document
    diagnostics = [
        Diagnostic(document.locations[written], dotted(written), *unknown_key((*path[:-1], written[-1])))
        for written, path in meant.items()
    ]
    locations = {**dict(_moved(document, meant)), **document.locations}
    return replace(document, data=data, locations=locations, diagnostics=[*document.diagnostics, *diagnostics])


def _corrected(value: Any, path: FieldPath, meant: dict[FieldPath, FieldPath], written: FieldPath = ()) -> Any:
    """`path` is where the value belongs, `written` where it stands. `meant` collects both for each misspelt key."""
    if isinstance(value, list):
        return [_corrected(item, (*path, n), meant, (*written, n)) for n, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    allowed = keys(path)
    found: dict[str, Any] = {}
    for key, inner in value.items():
        name = _meant(key, allowed, [*value, *found])
        if name != key:
            meant[(*written, key)] = (*path, name)
        found[name] = _corrected(inner, (*path, name), meant, (*written, key))
    return found


def _meant(key: str, allowed: list[str], written: list[str]) -> str:
    """The key itself where it is known, where any key may stand, and where the one that is alike is written too."""
    if not allowed or key in allowed:
        return key
    name = closest(key, [each for each in allowed if each not in written], alike=_SURELY)
    return name or key


def _moved(document: Document, meant: dict[FieldPath, FieldPath]) -> Iterator[tuple[FieldPath, Any]]:
    """The locations of what stands under misspelt keys, by the paths that were meant."""
    for path, location in document.locations.items():
        corrected = tuple(meant.get(path[: end + 1], (part,))[-1] for end, part in enumerate(path))
        if corrected != path:
            yield corrected, location
