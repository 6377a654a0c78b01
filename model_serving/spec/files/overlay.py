"""Merge stack files: a map merges, a list or a scalar replaces, `null` removes."""

from dataclasses import dataclass, field
from typing import Any

from model_serving.spec.diagnostics import Diagnostic, Location
from model_serving.spec.field_path import FieldPath, dotted
from model_serving.spec.files.yaml_locations import Document
from model_serving.spec.validation.suggestions import suggestion


@dataclass
class Merged:
    """The values of all files as one. The documents are kept for the locations of values."""

    documents: list[Document]
    data: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def location(self, path: FieldPath) -> Location:
        """The location of a value, or of the nearest value around it, in the last file that has it."""
        for end in range(len(path), -1, -1):
            for document in reversed(self.documents):
                if path[:end] in document.locations:
                    return document.locations[path[:end]]
        raise AssertionError("A document has a location for its root")


def merge(documents: list[Document]) -> Merged:
    """The documents in order, later ones over earlier ones.

    A `null` that removes nothing is an error, unless the file has other errors: an unreadable value is null too.
    """
    merged = Merged(documents)
    for document in documents:
        merged.data = _laid(merged, document, (), merged.data, document.data)
    return merged


def _laid(
    merged: Merged, document: Document, path: FieldPath, under: dict[str, Any], over: dict[str, Any]
) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        where = (*path, key)
        if value is None and _is_in_predecessor(path):
            result[key] = None  # it removes what the predecessor would take from its endpoint
        elif value is None:
            if key not in under and not document.diagnostics:
                merged.diagnostics.append(_nothing_to_remove(document, where, key, list(under)))
            result.pop(key, None)
        elif isinstance(value, dict):
            below = under.get(key)
            result[key] = _laid(merged, document, where, below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _is_in_predecessor(path: FieldPath) -> bool:
    """Whether a map at this path is a predecessor, or inside one."""
    return path[:1] == ("endpoints",) and path[2:3] == ("predecessor",)


def _nothing_to_remove(document: Document, path: FieldPath, key: str, below: list[str]) -> Diagnostic:
    message = "has no value; `null` removes a value of base.yaml, which has none here"
    hint = suggestion(key, below, "It has") if below else "Set a value, or remove the key"
    return Diagnostic(document.locations[path], dotted(path), message, hint)
