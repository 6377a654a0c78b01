"""Builds the three programs into `.local/toolchain/bin`, once.

They gather in a folder that is named after the recipe and is renamed to `bin` when it is complete: an interrupted
build goes on where it was, a changed recipe starts again, and `bin` never holds half of anything.
"""

import shutil
import sys
from pathlib import Path

from toolchain import versions
from toolchain.commands import run_go
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
            "That takes up to 15 minutes on two cores and 5 GB of disk when Go's caches are empty, seconds when they are full"
        )
        gathering = _gathering_folder()
        for number, program in enumerate(PROGRAMS, start=1):
            _build_program(go, program, gathering, f"{number} of {len(PROGRAMS)}", report)
        _copy_helpers(go, gathering)
        (gathering / STAMP).write_text(digest())
        _publish(gathering)


def _gathering_folder() -> Path:
    """The folder to build in; what other recipes or a crash between two renames left over is removed."""
    folder = HOME / f"building-{digest()[:16]}"
    for leftover in [*HOME.glob("building-*"), *HOME.glob("old-*")]:
        if leftover != folder:
            shutil.rmtree(leftover)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _build_program(go: Path, program: Program, folder: Path, place: str, report: Say) -> None:
    if (folder / program.name).exists():
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


def _list_and_compile(go: Path, program: Program, folder: Path, tally: Tally, ticker: Ticker) -> None:
    def tick() -> None:
        ticker.show(str(tally))

    listing = [str(go), "list", "-deps", "-f", "package {{.ImportPath}}", program.package]
    run_go(listing, program.folder, is_progress=tally.see_listing, tick=tick)
    # Go writes the output file in place: under its real name a half-written one would pass for a program.
    partial = folder / f"{program.name}.partial"
    compiling = [str(go), "build", "-v", "-ldflags", program.linker_flags, "-o", str(partial), program.package]
    run_go(compiling, program.folder, is_progress=tally.see_compiling, tick=tick)
    partial.rename(folder / program.name)


def _copy_helpers(go: Path, folder: Path) -> None:
    engine = PROGRAMS[0]
    command = [str(go), "list", "-m", "-f", "{{.Dir}}", SDK_MODULE]
    answer = run_go(command, engine.folder, is_progress=lambda _: False, tick=lambda: None)
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
