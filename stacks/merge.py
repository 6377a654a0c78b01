"""Stack files laid over each other: a map merges, a list or a scalar replaces, `null` removes."""

from dataclasses import dataclass
from typing import Any

from stacks.faults import Place
from stacks.yaml_places import Document, Path_


@dataclass(frozen=True)
class Merged:
    """The values of all files as one. Each file is kept, to tell where a value came from."""

    data: dict[str, Any]
    documents: list[Document]

    def place(self, path: Path_) -> Place:
        """Where the value stands, or the nearest value around it; in the last file that has it."""
        for end in range(len(path), -1, -1):
            for document in reversed(self.documents):
                if path[:end] in document.places:
                    return document.places[path[:end]]
        return Place("stacks")


def merge(documents: list[Document]) -> Merged:
    """The documents in order, later ones over earlier ones."""
    data: dict[str, Any] = {}
    for document in documents:
        data = _laid(data, document.data or {})
    return Merged(data, documents)


def _laid(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = _laid(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result
