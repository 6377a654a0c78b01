"""The text of a stack file as YAML nodes.

What a file can do to its reader is bounded before it is composed: its size, and how deep it nests, since the C composer
would overflow the stack.
"""

import re
from pathlib import Path
from typing import Final

import yaml

from model_serving.spec.diagnostics import Diagnostic, Location, relative_path

MAX_BYTES: Final = 1_000_000
"""Larger files are rejected without parsing: stack files are written by hand."""

MAX_DEPTH: Final = 40
"""Nested maps and lists; the vocabulary needs ten."""

_TAG: Final = "tag:yaml.org,2002:"
STRING_TAG: Final = f"{_TAG}str"
MERGE_TAG: Final = f"{_TAG}merge"

_QUOTES: Final = "Quote a value that begins with @, %, &, * or `, or that contains `: ` or ` #`"


class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Scalars as in YAML 1.2, which is how Pulumi reads them: `no` and 1:30 are text.

    In addition, 010 and dates are text: no field takes them.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  as in PyYAML


for _name, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("merge", r"^<<$", "<"),
):
    Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(_pattern), list(_first))


class UnreadableError(Exception):
    """The file is not one YAML document of a reasonable size."""

    def __init__(self, location: Location, message: str, hint: str = "") -> None:
        self.diagnostic = Diagnostic(location, "", message, hint)
        super().__init__(str(self.diagnostic))


def compose(file: Path) -> yaml.Node:
    """The root of the file's only document. Raises UnreadableError."""
    name = relative_path(file)
    text = _text(file, name)
    try:
        _bounded(text, name)
        root = yaml.compose(text, Loader=Loader)
    except yaml.reader.ReaderError as error:
        location = _location_in(name, text.encode()[: error.position])
        raise UnreadableError(location, "YAML can't contain a control character", "Remove it") from None
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(name, text, error) from None
    if root is None:
        raise UnreadableError(Location(name), "the file is empty", "Begin it with `config:`; see docs/stack-files.md")
    assert isinstance(root, yaml.Node), "Composing gives a node"
    return root


def location_of(name: str, mark: "yaml.Mark | yaml._yaml.Mark | None") -> Location:
    """The location of a mark; every node and event of a composed text has one."""
    assert mark is not None, "Nothing here is made without a text"
    return Location(name, mark.line + 1, mark.column + 1)


def _text(file: Path, name: str) -> str:
    try:
        size = file.stat().st_size
        raw = file.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise UnreadableError(Location(name), f"the file can't be read: {error.strerror}") from None
    if size > MAX_BYTES:
        message = f"the file has {size:,} bytes; at most {MAX_BYTES:,} are allowed"
        raise UnreadableError(Location(name), message, "Move the large values out of it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        location = _location_in(name, raw[: error.start])
        raise UnreadableError(location, "the file is not UTF-8 text from here on", "Save it as UTF-8") from None


def _location_in(name: str, before: bytes) -> Location:
    """The location that follows these bytes of the file."""
    line = before.rpartition(b"\n")[2]
    return Location(name, before.count(b"\n") + 1, len(line.decode(errors="replace")) + 1)


def _bounded(text: str, name: str) -> None:
    """Reject what nests too deeply or is more than one document, before composing it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} nested maps and lists"
            raise UnreadableError(location_of(name, event.start_mark), message, "A stack file needs at most ten")
        if documents > 1:
            message = "a second document begins here; a stack file is one document"
            raise UnreadableError(location_of(name, event.start_mark), message, "Remove the `---`")


def _not_yaml(name: str, text: str, error: yaml.MarkedYAMLError) -> UnreadableError:
    mark = error.problem_mark or error.context_mark
    if mark and text[mark.index : mark.index + 1] == "\t":
        return UnreadableError(
            location_of(name, mark), "a tab is used where YAML requires spaces", "Indent with spaces"
        )
    around = ""
    if error.context and error.context_mark:
        around = f" ({error.context} that begins on line {error.context_mark.line + 1})"
    return UnreadableError(location_of(name, mark), f"not valid YAML: {error.problem}{around}", _QUOTES)
