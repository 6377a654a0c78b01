"""Text that may hold anything, made safe inside Markdown as GitHub and GitLab read it."""

import re

from model_serving.review.assess.sentence import parts

_ZERO_WIDTH = "\u200b"


def prose(sentence: str) -> str:
    """A sentence of ours: what it quotes becomes code, and nothing in it formats, mentions or links."""
    return "".join(code(part) if is_quoted else plain(part) for is_quoted, part in parts(" ".join(sentence.split())))


def plain(text: str) -> str:
    escaped = re.sub(r"([\\*_\[\]<>|~])", r"\\\1", text)
    return re.sub(r"([@#])(?=\w)", rf"\1{_ZERO_WIDTH}", escaped)


def code(text: str, limit: int = 0) -> str:
    """A value as code, on one line; with a `limit`, a long one loses its middle."""
    line = " ".join(text.split())
    if limit and len(line) > limit:
        line = f"{line[: limit // 2]}…{line[-(limit // 2) :]}"
    if not line:
        return ""
    # A backslash before a pipe is what a table wants, and GitHub takes it away again, in code too.
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


def _fence(text: str, mark: str, least: int) -> str:
    longest = max((len(run) for run in re.findall(f"{mark}+", text)), default=0)
    return mark * max(least, longest + 1)
