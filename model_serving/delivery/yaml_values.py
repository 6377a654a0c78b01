"""Values as the text of a YAML file, as people write it: short ones on one line, and quotes where they are needed."""

import functools
import json
import re
from typing import Any, Final

import yaml
from yaml.reader import Reader

from model_serving.spec.files.yaml_text import Loader

INDENT: Final = 2
_WIDTH: Final = 120
"""The longest line for a map or a list; a longer one is written on several lines."""

_ESCAPED: Final = re.compile(f"{Reader.NON_PRINTABLE.pattern}|[\x85\u2028\u2029\ufeff]")
"""What no YAML file may have in it, and what ends a line there but not in JSON."""


def block(value: dict[str, Any], indent: int) -> str:
    """A map on several lines. What is in it is on one line where it has no maps inside and the line is not too long."""
    lines: list[str] = []
    for name, item in value.items():
        start = f"{' ' * indent}{flow(name)}:"
        if _fits(start, item):
            lines.append(f"{start} {flow(item)}")
        else:
            lines += [start, _items(item, indent + INDENT)]
    return "\n".join(lines)


def _items(value: dict[str, Any] | list[Any], indent: int) -> str:
    """A map or a list on several lines."""
    if isinstance(value, dict):
        return block(value, indent)
    dash = f"{' ' * indent}-"
    lines = []
    for item in value:
        # The first key of a map stands behind the dash.
        text = flow(item) if _fits(dash, item) else _items(item, indent + INDENT).lstrip()
        lines.append(f"{dash} {text}")
    return "\n".join(lines)


def _fits(start: str, value: Any) -> bool:
    """Whether a value is written on the line that begins like this."""
    if not value or not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return not any(map(_holds_map, inside)) and len(start) + 1 + len(flow(value)) <= _WIDTH


def _holds_map(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_map(each) for each in value)
    return isinstance(value, dict)


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(name)}: {flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


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
