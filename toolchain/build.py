"""Builds the three programs into `.local/toolchain/bin`, once.

They gather in a folder that is named after the recipe and is renamed to `bin` when it is complete: an interrupted
build goes on where it was, a changed recipe starts again, and `bin` never holds half of anything.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain import versions
from toolchain.commands import Go
from toolchain.errors import ToolchainError
from toolchain.lock import only_one
from toolchain.progress import Say, Tally, Ticker
from toolchain.recipe import BUILT_FILES, CHECKOUT, HELPERS, PROGRAMS, SDK_MODULE, Program, digest

HOME = CHECKOUT / ".local" / "toolchain"
BIN = HOME / "bin"
STAMP = "toolchain-recipe.sha256"

CONTENTS = f"Pulumi {versions.PULUMI} with the Databricks provider {versions.PLUGIN}"
GO_ON = (
    "What is built so far is kept: `python -m toolchain install` goes on from there. "
    "Behind a proxy or a module mirror, tell Go about it first: HTTPS_PROXY or `go env -w GOPROXY=...`"
)


def is_built() -> bool:
    """Whether `bin` is complete and made by the recipe as it is now."""
    stamp = BIN / STAMP
    return stamp.is_file() and stamp.read_text() == digest() and all((BIN / name).is_file() for name in BUILT_FILES)


def is_a_build_of_ours(folder: Path) -> bool:
    """Of this checkout or of another one."""
    return (folder / STAMP).is_file()


def build(go: Path, reason: str, report: Say) -> None:
    """Builds what is missing; `reason` is the first half of the sentence that says why."""
    with only_one(HOME / "lock", report):
        if is_built():
            return
        report(
            f"{reason}, so three programs are built from Go modules, once: {CONTENTS}\n"
            "With Go's caches empty that takes up to 15 minutes on two cores and 5 GB of disk, with full ones seconds"
        )
        gathering = _gathering_folder()
        with _work_folder() as work:
            _build_all(Go(go, work), gathering, report)
        (gathering / STAMP).write_text(digest())
        _publish(gathering)


def _build_all(go: Go, folder: Path, report: Say) -> None:
    for number, program in enumerate(PROGRAMS, start=1):
        _build_program(go, program, folder, f"{number} of {len(PROGRAMS)}", report)
    _copy_helpers(go, folder)


def _gathering_folder() -> Path:
    """The folder to build in; what other recipes or a crash between two renames left over is removed."""
    folder = HOME / f"building-{digest()[:16]}"
    for leftover in [*HOME.glob("building-*"), *HOME.glob("old-*")]:
        if leftover != folder:
            shutil.rmtree(leftover)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _work_folder() -> Iterator[Path]:
    """Empty at the start, gone at the end, however that comes."""
    folder = HOME / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build_program(go: Go, program: Program, folder: Path, place: str, report: Say) -> None:
    if (folder / program.target).exists():
        report(f"{program.name} ({place}) is there from an earlier run")
        return
    # A caller's own `report` gets whole lines; only our own printing may rewrite a terminal's line.
    ticker = Ticker(report, sys.stdout if report is print and sys.stdout.isatty() else None)
    ticker.say(f"Building {program.name} ({place})")
    tally = Tally(program.name)
    try:
        _list_and_compile(go, program, folder, tally, ticker)
    except ToolchainError as error:
        raise ToolchainError(f"{program.name} could not be built: {error}\n{GO_ON}") from error
    finally:
        ticker.clear()
    ticker.say(f"Built {program.name} ({place}) in {tally.elapsed()}: {tally.summary()}")


def _list_and_compile(go: Go, program: Program, folder: Path, tally: Tally, ticker: Ticker) -> None:
    def tick() -> None:
        ticker.show(str(tally))

    listing = ["list", "-deps", "-f", "package {{.ImportPath}}", program.package]
    go.run(listing, program.folder, is_progress=tally.see_listing, tick=tick)
    tally.listed = True
    # Go writes the output file in place: under its real name a half-written one would pass for a program.
    partial = folder / f"{program.target}.partial"
    partial.parent.mkdir(parents=True, exist_ok=True)
    compiling = ["build", "-v", "-ldflags", program.linker_flags, "-o", str(partial), program.package]
    go.run(compiling, program.folder, is_progress=tally.see_compiling, tick=tick)
    partial.rename(folder / program.target)


def _copy_helpers(go: Go, folder: Path) -> None:
    engine = PROGRAMS[0]
    # Asked for a package, not for the module: only so does Go fetch a module that has left its cache meanwhile.
    command = ["list", "-f", "{{.Module.Dir}}", f"{SDK_MODULE}/go/common/version"]
    answer = go.run(command, engine.folder, is_progress=lambda _: False, tick=lambda: None)
    for helper in HELPERS:
        target = folder / Path(helper).name
        shutil.copyfile(Path(answer[-1]) / helper, target)
        target.chmod(0o755)


def _publish(gathering: Path) -> None:
    old = HOME / f"old-{gathering.name}"
    if BIN.exists():
        BIN.rename(old)
    gathering.rename(BIN)
    shutil.rmtree(old, ignore_errors=True)
