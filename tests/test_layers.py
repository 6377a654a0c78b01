"""Imports go down, never up, and what must start quickly stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
OURS = {
    "bench",
    "components",
    "contract",
    "operations",
    "policies",
    "rehearsal",
    "review",
    "stacks",
    "toolchain",
    "workspace",
}
ALLOWED = {
    "contract": set(),
    "stacks": {"contract"},
    "components": {"stacks", "contract"},
    "policies": {"contract"},
    "review": {"stacks", "contract", "components", "policies"},
    "operations": {"stacks", "contract"},
    "workspace": set(),
    "bench": OURS,
    "toolchain": set(),
    "rehearsal": OURS,
}


def imported(file: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def modules_imported(file: Path) -> set[str]:
    """The modules, or packages, that a file imports something from."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def sources(room: str) -> list[Path]:
    return sorted((PROJECT / room).rglob("*.py"))


def rooms() -> list[str]:
    return sorted(room for room in ALLOWED if (PROJECT / room).is_dir())


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_from_the_floors_below(room: str) -> None:
    upward = {
        str(file.relative_to(PROJECT)): sorted(found)
        for file in sources(room)
        if (found := (imported(file) & OURS) - ALLOWED[room] - {room})
    }
    assert upward == {}


def test_every_room_of_the_project_is_on_a_floor() -> None:
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    assert packages <= set(ALLOWED)


def test_the_toolchain_needs_the_standard_library_only() -> None:
    foreign = set().union(*(imported(file) for file in sources("toolchain"))) - sys.stdlib_module_names - {"toolchain"}
    assert foreign == set()


def test_nobody_imports_pulumi_databricks() -> None:
    heavy = [str(file) for room in rooms() for file in sources(room) if "pulumi_databricks" in imported(file)]
    assert heavy == []


LENT_TO_REVIEW = (
    "components.arguments",
    "components.from_spec",
    "components.needs",
    "policies.pack.inputs",
    "policies.pack.rule",
    "policies.pack.waivers",
    "policies.rules",
    "policies.rules.waivers",
)
"""What the instant check judges stack files with: pure modules of floors that otherwise run in Pulumi's processes."""


def test_review_takes_the_pure_modules_only_of_components_and_policies() -> None:
    found = set().union(*(modules_imported(file) for file in sources("review")))
    assert {name for name in found if name.startswith(("components", "policies"))} == set(LENT_TO_REVIEW)


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        *((module, package) for module in LENT_TO_REVIEW for package in ("pulumi", "pulumi_policy")),
        ("stacks", "pulumi"),
        ("contract", "pulumi"),
        ("policies.rules", "pulumi_databricks"),
        ("policies.rules", "databricks.sdk"),
        ("components.stack", "pulumi_databricks"),
        ("workspace.app", "pulumi"),
    ],
)
def test_an_import_stays_light(module: str, forbidden: str) -> None:
    code = f"import sys, {module}; sys.exit({forbidden!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


def test_the_policy_pack_s_folder_holds_no_module_that_could_shadow_another() -> None:
    """The engine puts policies/ on the path before anything is imported."""
    assert sorted(file.name for file in (PROJECT / "policies").glob("*.py")) == ["__init__.py", "__main__.py"]
