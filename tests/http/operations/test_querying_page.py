"""Every way to query in docs/querying.md works as written there."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.running_workspace import PROJECT

PAGE = PROJECT / "docs" / "querying.md"
BLOCK = re.compile(
    r"^```(?P<kind>python|sh)\n(?P<code>.*?)^```\n```text\n(?P<shown>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Example:
    """A block of the page and what the page says that it prints; `...` stands for any text."""

    name: str
    kind: str
    code: str
    shown: str


def examples() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        heading = re.findall(r"^#+ (.*)$", text[: match.start()], re.MULTILINE)[-1]
        line = text[: match.start()].count("\n") + 1
        found.append(Example(f"{line} {heading}", match["kind"], match["code"], match["shown"]))
    return found


EXAMPLES = examples()


@pytest.fixture
def shell(deployed: Any) -> dict[str, str]:
    """The variables that the page has the reader export."""
    outputs = deployed.outputs
    checkout, fraud = outputs["service_principals"]["checkout"], outputs["endpoints"]["fraud-scorer"]
    # the warnings of other people's packages are not what the page shows
    environment: dict[str, str] = deployed.environment
    return environment | {
        "DATABRICKS_HOST": deployed.workspace.url,
        "DATABRICKS_CLIENT_ID": checkout["application_id"],
        "DATABRICKS_CLIENT_SECRET": checkout["client_secret"],
        "ENDPOINT_ID": fraud["id"],
        "ENDPOINT_URL": fraud["url"],
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{deployed.environment['PATH']}",
        "PYTHONWARNINGS": "ignore",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_prints_what_the_page_shows(deployed: Any, shell: dict[str, str], example: Example) -> None:
    (deployed.folder / "payment.json").write_text('{"dataframe_records": [{"amount": 129.9}]}')
    command = [sys.executable, "-c", example.code] if example.kind == "python" else ["sh", "-euc", example.code]
    run = subprocess.run(
        command,
        cwd=deployed.folder,
        env=shell,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    pattern = re.escape(example.shown.rstrip("\n")).replace(re.escape("..."), r"[\s\S]*?")
    assert re.fullmatch(pattern, run.stdout.rstrip("\n")), run.stdout


def test_every_block_runs_or_is_marked() -> None:
    """Code that the page doesn't run is marked, and says so in the text."""
    text = PAGE.read_text(encoding="utf-8")
    assert len(EXAMPLES) == len(re.findall(r"^```(?:python|sh)$", text, re.MULTILINE))
    assert re.findall(r"^```(\S+ no-test|sql)$", text, re.MULTILINE) == ["python no-test", "sql"]
