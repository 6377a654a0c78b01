"""The steps of a story, from the fenced blocks of its README.

- `console`: commands, each on a line that begins with `$ `, and what each prints. A line `...` stands for any lines,
  and `...` inside a line for any text. The line `[exit status N]` ends the output of a command that does not end in 0.
- `diff`: an edit of the story's files, as a patch.

Every other block is only for the reader.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(console|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT = "$ "


@dataclass(frozen=True)
class Command:
    """A line of a shell, and what it prints. `line` is its place in the README."""

    text: str
    printed: str
    line: int

    def matches(self, output: str) -> bool:
        """Whether the whole output is what the README says."""
        return re.fullmatch(_pattern(self.printed), _trimmed(output), re.DOTALL) is not None


@dataclass(frozen=True)
class Edit:
    """A patch of the story's files."""

    patch: str
    line: int


def steps(readme: Path) -> list[Command | Edit]:
    """The commands and edits of a story, in order. Raises ValueError for a block that begins without a command."""
    text = readme.read_text(encoding="utf-8")
    found: list[Command | Edit] = []
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(2)) + 1
        found += [Edit(block[2], line)] if block[1] == "diff" else _commands(block[2], line)
    return found


def _commands(block: str, line: int) -> list[Command]:
    commands: list[Command] = []
    for number, text in enumerate(block.splitlines(), line):
        if text.startswith(_PROMPT):
            commands.append(Command(text.removeprefix(_PROMPT), "", number))
        elif not commands:
            raise ValueError(f"line {number}: a console block begins with `{_PROMPT}` and a command")
        else:
            last = commands.pop()
            commands.append(Command(last.text, f"{last.printed}{text}\n", last.line))
    return commands


def _pattern(printed: str) -> str:
    """The pattern of an output."""
    lines = []
    for line in _trimmed(printed).splitlines():
        if line.strip() == "...":
            lines.append(r"(?:[^\n]*\n)*?")
        else:
            lines.append(re.escape(line).replace(re.escape("..."), r"[^\n]*?") + r"\n")
    return "".join(lines)


def _trimmed(text: str) -> str:
    """The text without blank lines and spaces at the ends of lines."""
    lines = (line.rstrip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)
