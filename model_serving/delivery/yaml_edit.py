"""A value set in a YAML file by its text alone, so that comments, order and style around it stay as they are."""

import json
from typing import Any

import yaml

_STEP = 2


def with_value(text: str, path: tuple[str, ...], value: Any) -> str:
    """`text` with `value` at `path`; maps that are missing on the way are made. `None` is written as `null`."""
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        return _appended(text, path, value)
    node, depth = root, 0
    while depth < len(path):
        child = _child(node, path[depth])
        if child is None:
            return _inserted(text, node, path[depth], nested(path[depth + 1 :], value))
        depth += 1
        if not isinstance(child, yaml.MappingNode) or depth == len(path):
            return _replaced(text, child, nested(path[depth:], value))
        node = child
    return text


def _appended(text: str, path: tuple[str, ...], value: Any) -> str:
    """For a file that holds nothing but comments."""
    start = text if not text or text.endswith("\n") else f"{text}\n"
    return start + _block(nested(path, value), 0) + "\n"


def nested(path: tuple[str, ...], value: Any) -> Any:
    """`value` inside of a map for each part of the path."""
    for part in reversed(path):
        value = {part: value}
    return value


def _child(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == name), None)


def _replaced(text: str, node: yaml.Node, value: Any) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    # A block's end is where the next thing starts: what stands between belongs to that, not to the block.
    end = start + len(text[start:end].rstrip())
    return f"{text[:start]}{flow(value)}{text[end:]}"


def _inserted(text: str, node: yaml.MappingNode, name: str, value: Any) -> str:
    if node.flow_style:
        at = node.end_mark.index - 1
        before = text[:at].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        space = "" if before.endswith("{") else " "
        return f"{before}{comma}{space}{flow(name)}: {flow(value)}{text[at:]}"
    indent = node.start_mark.column
    last = node.value[-1][1] if node.value else node
    end = last.end_mark.index if node.value else node.start_mark.index
    at = len(text[:end].rstrip())
    line_end = text.find("\n", at)
    at = len(text) if line_end < 0 else line_end
    return f"{text[:at]}\n{_block({name: value}, indent)}{text[at:]}"


def _block(value: Any, indent: int) -> str:
    """A map over several lines: its innermost maps stay on one."""
    lines: list[str] = []
    for name, item in value.items():
        if isinstance(item, dict) and any(isinstance(inner, dict) for inner in item.values()):
            lines += [f"{' ' * indent}{flow(name)}:", _block(item, indent + _STEP)]
        else:
            lines.append(f"{' ' * indent}{flow(name)}: {flow(item)}")
    return "\n".join(lines)


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(name)}: {flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return _word(value)
    return json.dumps(value)


def _word(text: str) -> str:
    """Bare where YAML reads it back as the same text, also inside of braces; else in double quotes."""
    try:
        bare = yaml.safe_load(f"{{a: {text}}}") == {"a": text} and text == text.strip() and "\n" not in text
    except yaml.YAMLError:
        bare = False
    return text if bare and "#" not in text else json.dumps(text, ensure_ascii=False)
