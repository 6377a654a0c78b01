"""Builds the three programs into `.local/toolchain/bin`, once.

The name of the build folder contains the digest of the recipe, and a complete build is renamed to `bin`. So an
interrupted build is resumed, a changed recipe starts a new build, and `bin` is always complete.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain import versions
from toolchain.commands import Go
from toolchain.errors import ToolchainError
from toolchain.lock import exclusive
from toolchain.progress import Report, Tally, Ticker
from toolchain.recipe import BUILT_FILES, CHECKOUT, HELPERS, PROGRAMS, SDK_MODULE, Program, digest

HOME = CHECKOUT / ".local" / "toolchain"
BIN = HOME / "bin"
STAMP = "toolchain-recipe.sha256"

CONTENTS = f"Pulumi {versions.PULUMI} with the Databricks provider {versions.PLUGIN}"
RESUME = (
    "`python -m toolchain install` resumes the build. "
    "Behind a proxy or a module mirror, configure Go first: HTTPS_PROXY or `go env -w GOPROXY=...`"
)


def is_built() -> bool:
    """Whether `bin` is complete and built from the current recipe."""
    stamp = BIN / STAMP
    return stamp.is_file() and stamp.read_text() == digest() and all((BIN / name).is_file() for name in BUILT_FILES)


def is_own_build(folder: Path) -> bool:
    """Whether a folder contains a build of this or of another checkout."""
    return (folder / STAMP).is_file()


def build(go: Path, reason: str, report: Report) -> None:
    """Builds missing programs; `reason` is the first half of the message that explains the build."""
    with exclusive(HOME / "lock", report):
        if is_built():
            return
        report(
            f"{reason}: building three programs from Go modules, once: {CONTENTS}\n"
            "This takes up to 15 minutes on two cores and 5 GB of disk if Go's caches are empty, else seconds"
        )
        folder = _build_folder()
        with _work_folder() as work:
            _build_all(Go(go, work), folder, report)
        (folder / STAMP).write_text(digest())
        _publish(folder)


def _build_all(go: Go, folder: Path, report: Report) -> None:
    for number, program in enumerate(PROGRAMS, start=1):
        _build_program(go, program, folder, f"{number} of {len(PROGRAMS)}", report)
    _copy_helpers(go, folder)


def _build_folder() -> Path:
    """The folder to build in. Removes the folders of other recipes and of interrupted renames."""
    folder = HOME / f"building-{digest()[:16]}"
    for leftover in [*HOME.glob("building-*"), *HOME.glob("old-*")]:
        if leftover != folder:
            shutil.rmtree(leftover)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _work_folder() -> Iterator[Path]:
    """An empty folder, which is removed at the end."""
    folder = HOME / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build_program(go: Go, program: Program, folder: Path, place: str, report: Report) -> None:
    if (folder / program.target).exists():
        report(f"{program.name} ({place}) was built by an earlier run")
        return
    # Only lines that are printed to a terminal can be rewritten; another `report` gets whole lines.
    ticker = Ticker(report, sys.stdout if report is print and sys.stdout.isatty() else None)
    ticker.report(f"Building {program.name} ({place})")
    tally = Tally(program.name)
    try:
        _list_and_compile(go, program, folder, tally, ticker)
    except ToolchainError as error:
        raise ToolchainError(f"{program.name} could not be built: {error}\n{RESUME}") from error
    finally:
        ticker.clear()
    ticker.report(f"Built {program.name} ({place}) in {tally.elapsed()}: {tally.summary()}")


def _list_and_compile(go: Go, program: Program, folder: Path, tally: Tally, ticker: Ticker) -> None:
    def tick() -> None:
        ticker.show(str(tally))

    listing = ["list", "-deps", "-f", "package {{.ImportPath}}", program.package]
    go.run(listing, program.folder, is_progress=tally.parse_listing, tick=tick)
    tally.listed = True
    # Go writes the output file in place; under its final name, a partial one would count as built.
    partial = folder / f"{program.target}.partial"
    partial.parent.mkdir(parents=True, exist_ok=True)
    compiling = ["build", "-v", "-ldflags", program.linker_flags, "-o", str(partial), program.package]
    go.run(compiling, program.folder, is_progress=tally.parse_compiling, tick=tick)
    partial.rename(folder / program.target)


def _copy_helpers(go: Go, folder: Path) -> None:
    engine = PROGRAMS[0]
    # Go downloads a module that is missing from its cache for a package of it, not for the module itself.
    command = ["list", "-f", "{{.Module.Dir}}", f"{SDK_MODULE}/go/common/version"]
    output = go.run(command, engine.folder, is_progress=lambda _: False, tick=lambda: None)
    for helper in HELPERS:
        target = folder / Path(helper).name
        shutil.copyfile(Path(output[-1]) / helper, target)
        target.chmod(0o755)


def _publish(folder: Path) -> None:
    old = HOME / f"old-{folder.name}"
    if BIN.exists():
        BIN.rename(old)
    folder.rename(BIN)
    shutil.rmtree(old, ignore_errors=True)
