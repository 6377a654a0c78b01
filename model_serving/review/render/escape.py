"""Arbitrary text made safe inside Markdown as GitHub and GitLab read it."""

import re
from textwrap import dedent

from model_serving.review.assess.sentence import Part, Quoted, sentence

_ZERO_WIDTH = "\u200b"
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Invisible characters that change the direction of reading: what a person reads would not be what is written."""


def prose(text: Part) -> str:
    """A sentence: quoted values become code, and nothing in it formats, mentions or links."""
    parts = sentence(text).parts
    return "".join(code(part.text) if isinstance(part, Quoted) else _escaped(part) for part in parts)


def escaped(text: str) -> str:
    """Words on one line that neither format, mention nor link; between backticks they are code."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(text: str) -> str:
    line = re.sub(r"\s+", " ", _visible(text))
    # A backtick too: one that is alone would pair with the next code's. An entity could become a mention.
    marked = re.sub(r"([\\`*_\[\]<>|~&])", r"\\\1", line)
    return re.sub(r"([@#])(?=\w)", rf"\1{_ZERO_WIDTH}", marked)


def _visible(text: str) -> str:
    return _DIRECTION.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def code(text: str, limit: int = 0) -> str:
    """A value as code, on one line; with a `limit`, a long one loses its middle."""
    line = " ".join(_visible(text).split())
    if limit and len(line) > limit:
        line = f"{line[: limit // 2]}…{line[-(limit // 2) :]}"
    if not line:
        return ""
    # A table needs a backslash before a pipe; GitHub removes it again, in code too.
    fence = _fence(line, "`", 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}".replace("|", "\\|")


def block(text: str, language: str = "") -> str:
    """A block of code that nothing inside can end."""
    fence = _fence(text, "`", 3)
    return f"{fence}{language}\n{text}\n{fence}"


def folded(summary: str, body: str) -> str:
    """Shown when clicked. Blank lines around the body let Markdown work in it."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def message(text: str) -> tuple[str, list[str], list[str]]:
    """A message of several lines: the first, the lines that explain it, and those below them, such as a build log."""
    first, _, rest = text.partition("\n")
    lines = [line for line in dedent(rest).splitlines() if line.strip()]
    main = [escaped(line) for line in lines if not line.startswith(" ")]
    return escaped(first), main, [escaped(line.strip()) for line in lines if line.startswith(" ")]


def fitting(lines: list[str], room: int, more: str) -> list[str]:
    """The first lines, of at most `room` characters together. `more` says that `{}` others are left out."""
    size = 0
    for n, line in enumerate(lines):
        size += len(line) + 1
        if size > room:
            return [*lines[:n], more.format(len(lines) - n)]
    return lines


def _fence(text: str, mark: str, least: int) -> str:
    longest = max((len(run) for run in re.findall(f"{mark}+", text)), default=0)
    return mark * max(least, longest + 1)
