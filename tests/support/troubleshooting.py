"""The sections of docs/troubleshooting.md: what is printed, and the commands that help, for tests that follow them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Outcome, Sandbox

PAGE = PROJECT / "docs" / "troubleshooting.md"
STACK = "prod"
"""The stack of the page."""


@dataclass(frozen=True)
class Section:
    """A section of the page. `...` in a symptom stands for any text."""

    symptoms: tuple[str, ...]
    commands: str

    def shows(self, printed: str) -> bool:
        """Whether a symptom is in the output of a command, however its lines are broken and indented."""
        text = " ".join(printed.split())
        patterns = (re.escape(" ".join(each.split())).replace(re.escape("..."), ".*?") for each in self.symptoms)
        return any(re.search(pattern, text) for pattern in patterns)

    def follow(self, sandbox: Sandbox, *, typed: str = "", **values: str) -> Outcome:
        """Run the commands in the sandbox's folder. `values` replace words in capitals, `typed` is standard input."""
        commands = re.sub(rf"\b{STACK}\b", "local", self.commands)
        for name, value in values.items():
            commands = re.sub(rf"\b{name}\b", value, commands)
        shell = {
            **sandbox.environment,
            "PATH": f"{PROJECT / '.venv' / 'bin'}:{sandbox.environment['PATH']}",
            "PULUMI_SKIP_CONFIRMATIONS": "true",
        }
        ran = subprocess.run(
            ["bash", "-ec", commands],
            cwd=sandbox.folder,
            env=shell,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Outcome(ran.stdout, ran.returncode)


def sections(page: Path = PAGE) -> dict[str, Section]:
    """The sections of the page by heading."""
    parts = re.split(r"^## (.*)\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {heading: _section(text) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def section(heading: str) -> Section:
    """The section of that heading."""
    return sections()[heading]


def _section(text: str) -> Section:
    def blocks(kind: str) -> list[str]:
        return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)

    (commands,) = blocks("sh")
    return Section(tuple(blocks("text")), commands)
