"""A value set in the text of a YAML file: every other line stays as it is, comments, order and style included.

A YAML library that writes the file again (ruamel.yaml was tried) changes indentation, quotes and spaces of lines that
nobody edited, and a reviewer would see them all in the patch.
"""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import yaml

from model_serving.delivery.yaml_values import INDENT, block, flow

_Edit = ParamSpec("_Edit")


def _keeping_line_ends(edit: Callable[Concatenate[str, _Edit], str]) -> Callable[Concatenate[str, _Edit], str]:
    """The edit, with CRLF at the end of each new line of a text that has it at the end of each."""

    @functools.wraps(edit)
    def edited(text: str, /, *arguments: _Edit.args, **named: _Edit.kwargs) -> str:
        if not 0 < text.count("\n") == text.count("\r\n"):
            return edit(text, *arguments, **named)
        return edit(text.replace("\r\n", "\n"), *arguments, **named).replace("\n", "\r\n")

    return edited


@_keeping_line_ends
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


@_keeping_line_ends
def with_entries(text: str, path: tuple[str, ...], entries: dict[str, Any]) -> str:
    """`text` with new keys at the end of the map at `path`, each on lines of its own. The map has none of them.

    All at once: the text is read once, however many they are.
    """
    node, column = yaml.compose(text), -INDENT
    for depth in range(len(path) + 1):
        rest = _nested(path[depth:], entries)
        if node is None or not isinstance(node, yaml.MappingNode) or not node.value:
            return _filled(text, node, rest, column + INDENT)
        found = next(((key, child) for key, child in node.value if path[depth : depth + 1] == (key.value,)), None)
        if found is None:  # at the end of the path, too
            return _inserted(text, node, rest)
        column, node = found[0].start_mark.column, found[1]
    return text


def _filled(text: str, node: yaml.Node | None, entries: dict[str, Any], indent: int) -> str:
    """`text` with a block in place of an empty map, or of nothing. A comment behind it stays on its line."""
    if node is None:
        return text + ("" if not text or text.endswith("\n") else "\n") + block(entries, indent) + "\n"
    line_end = text.find("\n", node.end_mark.index)
    end = len(text) if line_end < 0 else line_end
    before = text[: node.start_mark.index].rstrip(" ") + text[node.end_mark.index : end]
    return f"{before}\n{block(entries, indent)}{text[end:]}"


@_keeping_line_ends
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
    return f"{text[:start]}{flow(value)}{text[end:]}"


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
        lines.append(f"{indent}- {flow(item)}\n" if own is None else kept.pop(own)[1])
    return f"{text[:begin]}{''.join(line if line.endswith(chr(10)) else line + chr(10) for line in lines)}{text[end:]}"


def _inserted(text: str, node: yaml.MappingNode, entries: dict[str, Any]) -> str:
    if node.flow_style:
        closing = node.end_mark.index - 1
        before = text[:closing].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        space = "" if before.endswith("{") else " "
        return f"{before}{comma}{space}{flow(entries)[1:-1]}{text[closing:]}"
    last = node.value[-1][1].end_mark.index
    column = node.value[0][0].start_mark.column  # of its first key: the map itself begins at its anchor, if it has one
    line_end = text.find("\n", len(_without_comments_after(text[:last], column).rstrip()))
    end = len(text) if line_end < 0 else line_end
    return f"{text[:end]}\n{block(entries, column)}{text[end:]}"


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
