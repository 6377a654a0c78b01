"""Read YAML into plain data, with the location of each value."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from model_serving.spec.diagnostics import Diagnostic, Location, relative_path
from model_serving.spec.field_path import FieldPath, dotted
from model_serving.spec.files.yaml_text import (
    MAX_DEPTH,
    MERGE_TAG,
    STRING_TAG,
    Loader,
    UnreadableError,
    compose,
    location_of,
)

MAX_VALUES: Final = 100_000
"""Reading stops after this many values: anchors that refer to anchors can expand without end."""

_Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


@dataclass
class Document:
    """A file's data, the location of every value, and what is wrong with it."""

    file: str
    data: Any = None
    locations: dict[FieldPath, Location] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Whether there is a map, with or without diagnostics."""
        return isinstance(self.data, dict)


def read(file: Path) -> Document:
    """Read a YAML file. Faults are collected in the document; nothing is raised for what a user wrote."""
    document = Document(relative_path(file))
    try:
        root = compose(file)
        document.data = _Builder(document).value(root, (), ())
    except UnreadableError as error:
        document.diagnostics.append(error.diagnostic)
    return document


class _Builder:
    """Turns YAML nodes into data, with their locations, and reports duplicate keys."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.scalars = Loader("")
        self.values = 0
        self.pairs: dict[int, _Pairs] = {}

    def value(self, node: yaml.Node, path: FieldPath, parents: tuple[yaml.Node, ...]) -> Any:
        """The node's value at this path. Raises UnreadableError where anchors expand beyond the bounds."""
        self._count(node, 1)
        self.document.locations.setdefault(path, self._location(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if any(node is parent for parent in parents):
            self._report(node, path, "an anchor contains itself", "Write the values out")
            return None
        if len(parents) > MAX_DEPTH:
            message = f"anchors expand to more than {MAX_DEPTH} nested maps and lists"
            raise UnreadableError(self._location(node), message, "Write the values out")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, n), (*parents, node)) for n, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode), "A node is a scalar, a sequence or a mapping"
        return self._map(node, path, (*parents, node))

    def _scalar(self, node: yaml.ScalarNode, path: FieldPath) -> Any:
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self._report(node, path, f'"{node.value}" does not match its tag {node.tag}', "Remove the tag")
            return None

    def _map(self, node: yaml.MappingNode, path: FieldPath, parents: tuple[yaml.Node, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, (key, value) in self._pairs(node, path).items():
            where = (*path, name)
            self.document.locations[where] = self._location(key)
            result[name] = self.value(value, where, parents)
        return result

    def _pairs(self, node: yaml.MappingNode, path: FieldPath) -> _Pairs:
        """Own keys first, then those of `<<: *anchor` that the map does not set itself."""
        if id(node) in self.pairs:
            return self.pairs[id(node)]
        pairs = self.pairs[id(node)] = self._own_pairs(node, path)
        for key, value in node.value:
            if key.tag != MERGE_TAG:
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(source, yaml.MappingNode) and source is not node:
                    inherited = self._pairs(source, path)
                    self._count(source, len(inherited))
                    pairs.update({name: pair for name, pair in inherited.items() if name not in pairs})
                else:
                    self._report(source, path, "`<<` takes another map", "Write an alias to one, as in `<<: *name`")
        return pairs

    def _own_pairs(self, node: yaml.MappingNode, path: FieldPath) -> _Pairs:
        pairs: _Pairs = {}
        for key, value in node.value:
            if key.tag == MERGE_TAG:
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._report(key, path, "a map or a list can't be a key", "A key is one word")
            elif key.tag != STRING_TAG:
                message = f"the key {key.value or 'null'} is not text"
                self._report(key, path, message, f'Write it in quotes: "{key.value}"')
            elif key.value in pairs:
                first = self._location(pairs[key.value][0])
                message = f'"{key.value}" is a duplicate key; the first is on line {first.line}'
                self._report(key, (*path, key.value), message, "Keep one of the two")
            else:
                pairs[key.value] = (key, value)
        return pairs

    def _count(self, node: yaml.Node, values: int) -> None:
        self.values += values
        if self.values > MAX_VALUES:
            message = f"anchors expand to more than {MAX_VALUES:,} values"
            raise UnreadableError(self._location(node), message, "Write the values out")

    def _location(self, node: yaml.Node) -> Location:
        return location_of(self.document.file, node.start_mark)

    def _report(self, node: yaml.Node, path: FieldPath, message: str, hint: str) -> None:
        self.document.diagnostics.append(Diagnostic(self._location(node), dotted(path), message, hint))
