"""Imports go down, never up, and what must start quickly stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LIBRARY = "model_serving"
LINKED = ("components", "policies", "workspace")
"""Folders at the top that are imported as parts of the library: links in `model_serving/` lead to them."""

ALLOWED = {
    "errors": set(),
    "sarif": set(),
    "measures": set(),
    "state_backend": {"errors"},
    "contract": set(),
    "spec": {"measures", "errors", "contract", "databricks"},
    "databricks": {"measures"},
    "components": {"measures", "spec", "contract", "databricks"},
    "policies": {"spec", "contract", "databricks"},
    "check": {"errors", "sarif", "spec", "contract", "databricks", "components", "policies"},
    "review": {"measures", "errors", "sarif", "state_backend", "spec", "contract", "databricks"},
    "delivery": {"measures", "errors", "state_backend", "spec", "contract", "databricks", "review", "operations"},
    "operations": {"measures", "errors", "state_backend", "spec", "contract", "databricks", "components"},
    "cli": {"errors", "sarif", "spec", "check", "review", "delivery", "operations"},
    "workspace": set(),
    "toolchain": set(),
}
"""What each package may import of the others. Tests, demo and bench may import everything."""


def sources(package: str) -> list[Path]:
    folder = PROJECT / package if package in {*LINKED, "toolchain"} else PROJECT / LIBRARY / package
    return sorted(folder.rglob("*.py")) or [folder.with_suffix(".py")]


def imported(file: Path) -> set[str]:
    """The modules that a file imports, or imports something from, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{name.name}" for name in node.names if node.module == LIBRARY}
    return found


def packages(file: Path) -> set[str]:
    """The packages of the library that a file imports, and top-level packages of the project."""
    names = [name.split(".") for name in imported(file)]
    inner = {name[1] for name in names if name[0] == LIBRARY and len(name) > 1 and name[1] != "__version__"}
    return inner | ({name[0] for name in names} & {*LINKED, "toolchain", "tests", "demo", "bench"})


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_down(package: str) -> None:
    files = sources(package)
    assert files, package
    upward = {
        str(file.relative_to(PROJECT)): sorted(found)
        for file in files
        if (found := packages(file) - ALLOWED[package] - {package})
    }
    assert upward == {}


def test_every_package_has_a_floor() -> None:
    inside = {path.parent.name for path in (PROJECT / LIBRARY).glob("*/__init__.py")}
    inside |= {path.stem for path in (PROJECT / LIBRARY).glob("[!_]*.py")}
    outside = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {LIBRARY, "demo", "bench"}
    assert inside | outside == set(ALLOWED)


def test_the_linked_folders_have_one_import_name() -> None:
    every = [
        file for folder in (LIBRARY, *LINKED, "demo", "bench", "tests") for file in (PROJECT / folder).rglob("*.py")
    ]
    astray = [str(file) for file in every if {name.partition(".")[0] for name in imported(file)} & set(LINKED)]
    assert astray == []


def test_stacks_hold_no_code() -> None:
    assert {file.suffix for file in (PROJECT / "stacks").iterdir()} == {".yaml", ".json"}


def test_the_toolchain_needs_the_standard_library_only() -> None:
    names = {name.partition(".")[0] for file in sources("toolchain") for name in imported(file)}
    assert names - sys.stdlib_module_names - {"toolchain"} == set()


def test_nobody_imports_pulumi_databricks() -> None:
    heavy = [str(file) for package in ALLOWED for file in sources(package) if "pulumi_databricks" in imported(file)]
    assert heavy == []


USED_BY_CHECK = (
    "model_serving.components.inputs",
    "model_serving.components.from_spec",
    "model_serving.components.preflight.requirements",
    "model_serving.policies.pack.configuration",
    "model_serving.policies.pack.input_values",
    "model_serving.policies.pack.rule",
    "model_serving.policies.pack.stack_settings",
    "model_serving.policies.pack.waivers",
    "model_serving.policies.rules",
    "model_serving.policies.rules.waiver_faults",
)
"""What the offline check judges stack files with: pure modules of packages that otherwise run in Pulumi's processes."""


USED_BY_OPERATIONS = (
    "model_serving.components.deployment.served_config",
    "model_serving.components.from_spec",
    "model_serving.components.inputs",
    "model_serving.components.preflight.privileges",
    "model_serving.components.preflight.requirements",
)
"""What `status` compares the workspace with: what the components would send."""


def test_operations_use_only_the_pure_modules_of_components() -> None:
    found = set().union(*(imported(file) for file in sources("operations")))
    assert {name for name in found if name.startswith("model_serving.components")} == set(USED_BY_OPERATIONS)


def test_check_uses_only_the_pure_modules_of_components_and_policies() -> None:
    found = set().union(*(imported(file) for file in sources("check")))
    above = ("model_serving.components", "model_serving.policies")
    assert {name for name in found if name.startswith(above)} == set(USED_BY_CHECK)


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        *((module, package) for module in USED_BY_CHECK for package in ("pulumi", "pulumi_policy")),
        ("model_serving.operations.live.collect", "pulumi"),
        ("model_serving.spec", "pulumi"),
        ("model_serving.spec.files.yaml_locations", "pydantic"),
        ("model_serving.contract", "pulumi"),
        ("model_serving.policies.rules", "pulumi_databricks"),
        ("model_serving.policies.rules", "databricks.sdk"),
        ("model_serving.components.stack", "pulumi_databricks"),
        ("model_serving.workspace.http.app", "pulumi"),
    ],
)
def test_an_import_stays_light(module: str, forbidden: str) -> None:
    code = f"import sys, {module}; sys.exit({forbidden!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


def test_the_pack_s_folder_holds_no_module_that_could_shadow_another() -> None:
    """The engine puts policies/ on the path before anything is imported."""
    assert sorted(file.name for file in (PROJECT / "policies").glob("*.py")) == ["__init__.py", "__main__.py"]
