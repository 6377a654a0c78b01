"""The phases of a migration as sandboxes: each with the edit that its `pulumi up` deploys."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.support.followed_address import remember_caller
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Edit, Outcome, Sandbox

KEY: Final = "fraud-scorer"
SUCCESSOR: Final = "fraud-scorer-2"
FAMILY: Final = (KEY, SUCCESSOR)
OPTIONS: Final = ("--ready-after", "1", "--metrics-interval", "1")
"""A deployment takes a second, and so does a minute of the metrics: a predecessor is quiet soon."""

ENDPOINTS: Final = "/api/2.0/serving-endpoints"
UP: Final = ("up", "--yes", "--skip-preview")
_BASE: Final = "stacks/base.yaml"
_EDITS: Final = (
    (
        _BASE,
        "      route_optimized: true\n",
        "      route_optimized: false\n      ai_gateway: {usage_tracking: true}\n",
    ),
    (
        _BASE,
        "  model-serving:default_tags:\n",
        "  model-serving:predecessor_quiet: 2s\n  model-serving:default_tags:\n",
    ),
)
_TEAM: Final = "      tags: {team: risk}\n"
_WITH_TABLE: Final = (_BASE, _TEAM, f"      auto_capture: {{catalog_name: main, schema_name: ml}}\n{_TEAM}")
_WAREHOUSE: Final = {"DATABRICKS_WAREHOUSE_ID": "0123456789abcdef"}
"""With a warehouse, a retirement also reads who called from the usage table."""


@dataclass(frozen=True)
class Phase:
    """A deployment of a migration. The edits before it are deployed, each by itself; its own is only written."""

    name: str
    before: tuple[tuple[str, ...], ...]
    edit: tuple[str, ...]
    deleted: str = ""
    """The endpoint that it deletes."""

    @property
    def slug(self) -> str:
        """The name as a file's."""
        return self.name.replace(",", "").replace(" ", "-")


START: Final = ("--set", "route_optimized=true")
PHASES: Final = (
    Phase("create the successor", (), START),
    Phase("go back", (START,), ("--back",)),
    Phase("go forth again", (START, ("--back",)), ("--back",)),
    Phase("retire the predecessor", (START,), ("--retire",), KEY),
    Phase("retire the successor, after going back", (START, ("--back",)), ("--retire",), SUCCESSOR),
)


def prepared(phase: Phase) -> Callable[[Sandbox], None]:
    """What brings an empty sandbox to the beginning of that phase."""

    def prepare(sandbox: Sandbox) -> None:
        deployed_endpoint(sandbox)
        for arguments in phase.before:
            migrate(sandbox, *arguments)
            sandbox.pulumi(*UP)
        migrate(sandbox, *phase.edit)

    return prepare


def deployed_with_table(sandbox: Sandbox) -> None:
    """The same with an inference table, whose place is another immutable field."""
    deployed_endpoint(sandbox, _WITH_TABLE)


def deployed_endpoint(sandbox: Sandbox, *more: Edit) -> None:
    """Deploy the endpoint that is migrated, into an empty stack."""
    for each in (*_EDITS, *more):
        sandbox.edit(*each)
    sandbox.pulumi(*UP)
    remember_caller(sandbox)


def with_warehouse(sandbox: Sandbox) -> Sandbox:
    """The sandbox with a SQL warehouse in its environment."""
    return replace(sandbox, environment={**sandbox.environment, **_WAREHOUSE})


def migrate(sandbox: Sandbox, *arguments: str) -> Outcome:
    """`model-serving migrate` of this checkout on the endpoint. Raises RuntimeError with its output where it fails."""
    outcome = run(sandbox, f"model-serving migrate {KEY} --stack local", *arguments)
    if outcome.status:
        raise RuntimeError(outcome.text)
    return outcome


def run(sandbox: Sandbox, command: str, *arguments: str) -> Outcome:
    """Run a command line as it is printed, in the sandbox's folder, without questions of Pulumi."""
    path = os.pathsep.join(filter(None, (str(PROJECT), sandbox.environment.get("PYTHONPATH"))))
    programs = _programs(sandbox)
    ran = subprocess.run(
        ["bash", "-c", f'{command} "$@"', command, *arguments],
        cwd=sandbox.folder,
        env={
            **sandbox.environment,
            "PYTHONPATH": path,
            "PATH": f"{programs}{os.pathsep}{sandbox.environment['PATH']}",
            "PULUMI_SKIP_CONFIRMATIONS": "true",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(ran.stdout, ran.returncode)


def _programs(sandbox: Sandbox) -> Path:
    """A folder with `model-serving`, which the sandbox's interpreter runs."""
    folder = sandbox.folder / ".programs"
    folder.mkdir(exist_ok=True)
    program = folder / "model-serving"
    program.unlink(missing_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sandbox.python}" -P -m model_serving "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder
