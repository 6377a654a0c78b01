"""A value set in the text of a YAML file: every other line stays as it is, comments, order and style included.

A YAML library that writes the file again (ruamel.yaml was tried) changes indentation, quotes and spaces of lines that
nobody edited, and a reviewer would see them all in the patch.
"""

import functools
import json
import re
from typing import Any, Final

import yaml
from yaml.reader import Reader

from model_serving.spec.files.yaml_text import Loader

_INDENT: Final = 2
_WIDTH: Final = 120
"""The longest line for a map or a list; a longer one is written on several lines."""


def with_value(text: str, path: tuple[str, ...], value: Any) -> str:
    """`text` with `value` at `path`. Missing maps on the way are added; None is written as `null`."""
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):  # nothing but comments
        return _filled(text, None, _nested(path, value), 0)
    node = root
    for depth, name in enumerate(path, start=1):
        child = next((child for key, child in node.value if key.value == name), None)
        if child is None:
            return _inserted(text, node, {name: _nested(path[depth:], value)})
        if depth == len(path) or not isinstance(child, yaml.MappingNode):
            return _replaced(text, child, _nested(path[depth:], value))
        node = child
    return text


def with_entries(text: str, path: tuple[str, ...], entries: dict[str, Any]) -> str:
    """`text` with new keys at the end of the map at `path`, each on lines of its own. The map has none of them.

    All at once: the text is read once, however many they are.
    """
    node, column = yaml.compose(text), -_INDENT
    for depth in range(len(path) + 1):
        rest = _nested(path[depth:], entries)
        if node is None or not isinstance(node, yaml.MappingNode) or not node.value:
            return _filled(text, node, rest, column + _INDENT)
        found = next(((key, child) for key, child in node.value if path[depth : depth + 1] == (key.value,)), None)
        if found is None:  # at the end of the path, too
            return _inserted(text, node, rest)
        column, node = found[0].start_mark.column, found[1]
    return text


def _filled(text: str, node: yaml.Node | None, entries: dict[str, Any], indent: int) -> str:
    """`text` with a block in place of an empty map, or of nothing. A comment behind it stays on its line."""
    if node is None:
        return text + ("" if not text or text.endswith("\n") else "\n") + _block(entries, indent) + "\n"
    line_end = text.find("\n", node.end_mark.index)
    end = len(text) if line_end < 0 else line_end
    before = text[: node.start_mark.index].rstrip(" ") + text[node.end_mark.index : end]
    return f"{before}\n{_block(entries, indent)}{text[end:]}"


def without_key(text: str, path: tuple[str, ...]) -> str:
    """`text` without the key at `path`, which it has. A map that is empty then goes, too."""
    node = yaml.compose(text)
    parents: list[tuple[yaml.MappingNode, int]] = []
    for name in path:
        assert isinstance(node, yaml.MappingNode), "The text has the path"
        index = next(n for n, (key, _) in enumerate(node.value) if key.value == name)
        parents.append((node, index))
        node = node.value[index][1]
    while len(parents) > 1 and len(parents[-1][0].value) == 1:
        parents.pop()
    parent, index = parents[-1]
    key, value = parent.value[index]
    start, end = key.start_mark.index, value.start_mark.index + len(_source(text, value).rstrip())
    if not parent.flow_style:
        line_end = text.find("\n", end)
        return text[: text.rfind("\n", 0, start) + 1] + (text[line_end + 1 :] if line_end >= 0 else "")
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if after.startswith(","):
        return f"{text[:start]}{after[1:].lstrip()}"
    return f"{before.removesuffix(',')}{after}"


def _source(text: str, node: yaml.Node) -> str:
    return text[node.start_mark.index : node.end_mark.index]


def _nested(path: tuple[str, ...], value: Any) -> Any:
    """`value` inside a map for each part of the path."""
    for part in reversed(path):
        value = {part: value}
    return value


def _replaced(text: str, node: yaml.Node, value: Any) -> str:
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and isinstance(value, list) and value:
        changed = _with_items(text, node, value)
        if changed is not None:
            return changed
    start = node.start_mark.index
    # The end mark of a block is the next token; the blank lines and comments before that don't belong to the block.
    end = start + len(text[start : node.end_mark.index].rstrip())
    return f"{text[:start]}{_flow(value)}{text[end:]}"


def _with_items(text: str, node: yaml.SequenceNode, items: list[Any]) -> str | None:
    """`text` with these items in a list of one line or more each: those that stay keep their lines and comments.

    None where an item is written elsewhere, behind an anchor.
    """
    begin = end = text.rfind("\n", 0, node.start_mark.index) + 1
    kept: list[tuple[Any, str]] = []
    for each in node.value:
        start = each.start_mark.index
        if not end <= start < node.end_mark.index or text[end:start].count("\n- ") > 1:
            return None
        own_end = len(_without_comments_after(text[: each.end_mark.index], node.start_mark.column).rstrip())
        line_end = text.find("\n", own_end)
        behind = len(text) if line_end < 0 else line_end + 1
        kept.append((yaml.SafeLoader("").construct_object(each, deep=True), text[end:behind]))
        end = behind
    indent, lines = " " * node.start_mark.column, []
    for item in items:
        own = next((n for n, (value, _) in enumerate(kept) if value == item), None)
        lines.append(f"{indent}- {_flow(item)}\n" if own is None else kept.pop(own)[1])
    return f"{text[:begin]}{''.join(line if line.endswith(chr(10)) else line + chr(10) for line in lines)}{text[end:]}"


def _inserted(text: str, node: yaml.MappingNode, entries: dict[str, Any]) -> str:
    if node.flow_style:
        closing = node.end_mark.index - 1
        before = text[:closing].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        space = "" if before.endswith("{") else " "
        return f"{before}{comma}{space}{_flow(entries)[1:-1]}{text[closing:]}"
    last = node.value[-1][1].end_mark.index
    column = node.value[0][0].start_mark.column  # of its first key: the map itself begins at its anchor, if it has one
    line_end = text.find("\n", len(_without_comments_after(text[:last], column).rstrip()))
    end = len(text) if line_end < 0 else line_end
    return f"{text[:end]}\n{_block(entries, column)}{text[end:]}"


def _without_comments_after(text: str, column: int) -> str:
    """The text without blank lines and comments at its end; a comment further in than `column` belongs to what it has.

    The end mark of a block is the next token, behind the comments between the two.
    """
    lines = text.splitlines(keepends=True)
    while lines and (not lines[-1].strip() or (lines[-1].lstrip().startswith("#") and _indent(lines[-1]) <= column)):
        lines.pop()
    return "".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block(value: dict[str, Any], indent: int) -> str:
    """A map on several lines. What is in it is on one line where it has no maps inside and the line is not too long."""
    lines: list[str] = []
    for name, item in value.items():
        start = f"{' ' * indent}{_flow(name)}:"
        if _fits(start, item):
            lines.append(f"{start} {_flow(item)}")
        else:
            lines += [start, _items(item, indent + _INDENT)]
    return "\n".join(lines)


def _items(value: dict[str, Any] | list[Any], indent: int) -> str:
    """A map or a list on several lines."""
    if isinstance(value, dict):
        return _block(value, indent)
    dash = f"{' ' * indent}-"
    lines = []
    for item in value:
        # The first key of a map stands behind the dash.
        text = _flow(item) if _fits(dash, item) else _items(item, indent + _INDENT).lstrip()
        lines.append(f"{dash} {text}")
    return "\n".join(lines)


def _fits(start: str, value: Any) -> bool:
    """Whether a value is written on the line that begins like this."""
    if not value or not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return not any(map(_holds_map, inside)) and len(start) + 1 + len(_flow(value)) <= _WIDTH


def _holds_map(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_map(each) for each in value)
    return isinstance(value, dict)


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(name)}: {_flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


_ESCAPED: Final = re.compile(f"{Reader.NON_PRINTABLE.pattern}|[\x85\u2028\u2029\ufeff]")
"""What no YAML file may have in it, and what ends a line there but not in JSON."""


@functools.lru_cache(4096)  # names and words come again and again, and each costs two parsers
def _scalar(text: str) -> str:
    """A text without quotes where every reader of YAML takes it for the same text, in braces, too; else in quotes."""
    is_odd = "#" in text or "\n" in text or text != text.strip() or _ESCAPED.search(text)
    if not is_odd and all(map(_is_text, (text, f"{{a: {text}}}"))):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _is_text(text: str) -> bool:
    """Whether YAML 1.1, as most tools read it, and 1.2, as Pulumi does, both have a text here."""
    try:
        # Both loaders are safe ones.
        return all(yaml.load(text, Loader=each) in (text, {"a": text[4:-1]}) for each in (yaml.SafeLoader, Loader))  # noqa: S506
    except yaml.YAMLError:
        return False
