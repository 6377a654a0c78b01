"""The three programs and their sources, and a digest of them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from toolchain import versions

CHECKOUT = Path(__file__).resolve().parents[1]
MODULES = Path(__file__).resolve().parent / "modules"

SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"


@dataclass(frozen=True)
class Program:
    """A program that is built from a Go module."""

    name: str
    module: str
    package: str
    stamp: str = ""
    target_folder: str = ""

    @property
    def target(self) -> str:
        """The path of the program in the folder of the build."""
        return str(Path(self.target_folder) / self.name)

    @property
    def folder(self) -> Path:
        return MODULES / self.module

    @property
    def linker_flags(self) -> str:
        return f"-s -w {self.stamp}".rstrip()


PROGRAMS = (
    Program(
        name="pulumi",
        module="pulumi",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        # Go does not set the version of a main module, which the engine has to report.
        stamp=f"-X {SDK_MODULE}/go/common/version.Version={versions.PULUMI}",
    ),
    Program(
        name="pulumi-language-python",
        module="language-python",
        package=f"{SDK_MODULE}/python/cmd/pulumi-language-python",
    ),
    Program(
        name="pulumi-resource-databricks",
        module="provider-databricks",
        package=".",
        # The layout of PULUMI_HOME/plugins. A plugin on PATH also works, but the engine warns about it at every step.
        target_folder=f"plugins/resource-databricks-v{versions.PLUGIN}",
    ),
)

# Scripts that the engine and the language host run, from the SDK module of the engine.
HELPERS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-analyzer-policy-python",
    "python/dist/pulumi-resource-pulumi-python",
)

BUILT_FILES = tuple(program.target for program in PROGRAMS) + tuple(Path(helper).name for helper in HELPERS)


def digest() -> str:
    """A digest of everything that determines the programs."""
    total = hashlib.sha256(repr((PROGRAMS, HELPERS, versions.GO)).encode())
    for path in sorted(MODULES.glob("*/*")):
        total.update(f"\n{path.relative_to(MODULES)}\n".encode())
        total.update(path.read_bytes())
    return total.hexdigest()
