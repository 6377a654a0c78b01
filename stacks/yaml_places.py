"""YAML read into plain data that remembers where each value stands."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stacks.faults import Fault, Place, relative

Path_ = tuple[str | int, ...]

MAX_BYTES = 1_000_000
"""A stack file is written by hand; one larger than this is a mistake, and is not parsed."""

MAX_VALUES = 200_000
"""Anchors that refer to anchors can expand without end; this many values is where reading stops."""


_MERGE = "tag:yaml.org,2002:merge"


class _SafeLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Scalars as YAML means them, except dates, which no field has: 2026-01-01 stays text."""


_SafeLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass
class Document:
    """A file's data, the place of every value in it, and what is wrong with it as YAML."""

    file: str
    data: Any = None
    places: dict[Path_, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(file: Path) -> Document:
    """Read a YAML file. Faults are collected in the document; nothing is raised for what a user wrote."""
    document = Document(relative(file))
    start = Place(document.file)
    size = file.stat().st_size
    if size > MAX_BYTES:
        message = f"the file has {size:,} bytes, more than the {MAX_BYTES:,} that a stack file may have"
        document.faults.append(Fault(start, "", message, "Move the large values out of it"))
        return document
    try:
        text = file.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=_SafeLoader)
    except UnicodeDecodeError as error:
        document.faults.append(Fault(start, "", f"the file is not UTF-8 text ({error.reason})"))
        return document
    except yaml.MarkedYAMLError as error:
        document.faults.append(_syntax_fault(document.file, error))
        return document
    except (yaml.YAMLError, RecursionError) as error:
        document.faults.append(Fault(start, "", f"not valid YAML: {error}"))
        return document
    if root is None:
        document.places[()] = start
        return document
    document.data = _Builder(document).build(root, ())
    return document


def _syntax_fault(file: str, error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    message = f"not valid YAML: {error.problem or error.context}"
    if "\\t" in message:
        return Fault(place, "", "a tab stands where YAML wants spaces", "Indent with spaces")
    return Fault(place, "", message)


class _TooLargeError(Exception):
    pass


class _Builder:
    """Turns YAML nodes into data, noting each place and each key that is written twice."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.scalars = _SafeLoader("")
        self.values = 0

    def build(self, root: yaml.Node, path: Path_) -> Any:
        try:
            return self._value(root, path, ())
        except _TooLargeError:
            message = f"anchors expand to more than {MAX_VALUES:,} values"
            self.document.faults.append(Fault(Place(self.document.file), "", message, "Write the values out"))
            return None

    def _value(self, node: yaml.Node, path: Path_, parents: tuple[yaml.Node, ...]) -> Any:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _TooLargeError
        self.document.places.setdefault(path, self._place(node))
        if any(node is parent for parent in parents):
            self._fault(node, path, "an anchor contains itself")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._map(node, path, (*parents, node))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, n), (*parents, node)) for n, item in enumerate(node.value)]
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            problem = getattr(error, "problem", None) or error
            self._fault(node, path, f"{problem}")
            return None

    def _map(self, node: yaml.MappingNode, path: Path_, parents: tuple[yaml.Node, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in _with_merged_keys(node):
            key = self.scalars.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable) or isinstance(key, tuple):
                self._fault(key_node, path, "a key must be a plain word")
                continue
            name = str(key_node.value)
            where = (*path, name)
            if name in result:
                first = self.document.places[where]
                self._fault(key_node, where, f'"{name}" is written twice; the first is on line {first.line}')
                continue
            self.document.places[where] = self._place(key_node)
            result[name] = self._value(value_node, where, parents)
        return result

    def _place(self, node: yaml.Node) -> Place:
        return Place(self.document.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _fault(self, node: yaml.Node, path: Path_, message: str) -> None:
        self.document.faults.append(Fault(self._place(node), dotted(path), message))


def _with_merged_keys(node: yaml.MappingNode, seen: tuple[yaml.Node, ...] = ()) -> list[tuple[yaml.Node, yaml.Node]]:
    """Own keys first, then those of `<<: *anchor` that the map does not set itself."""
    pairs = [(key, value) for key, value in node.value if key.tag != _MERGE]
    for value in (value for key, value in node.value if key.tag == _MERGE):
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if isinstance(source, yaml.MappingNode) and source not in (*seen, node):
                names = {key.value for key, _ in pairs}
                inherited = _with_merged_keys(source, (*seen, node))
                pairs += [(key, inner) for key, inner in inherited if key.value not in names]
    return pairs


def dotted(path: Path_) -> str:
    """`("endpoints", "fraud", "permissions", 0)` as `endpoints.fraud.permissions[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
