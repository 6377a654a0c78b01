"""Makes sure that there is an engine: the official one, or one that is built."""

from pathlib import Path

from toolchain.build import BIN, CONTENTS, build, is_built
from toolchain.errors import ToolchainError
from toolchain.golang import WANTED, usable_go
from toolchain.official import official_pulumi, why_not_official
from toolchain.progress import Say


def ensure(report: Say = print) -> Path | None:
    """Makes sure that an engine is there: the folder of the built one, or None when an official one on PATH is used.

    Raises ToolchainError, with the way out in its text, when there is none and none can be built.
    """
    if is_built():
        _report_built(report)
        return BIN
    obstacle = why_not_official(report)
    if obstacle is None:
        return None
    go = usable_go()
    if go is None:
        raise ToolchainError(
            f"{obstacle}, and no Go to build one with: install Pulumi (https://www.pulumi.com/docs/install/) where its "
            f"downloads can be reached, else Go {WANTED} or newer (https://go.dev/dl/)"
        )
    build(go, obstacle, report)
    _report_built(report)
    return BIN


def engine_is_there() -> bool:
    """Whether something called `pulumi` can be run, without looking further."""
    return is_built() or official_pulumi() is not None


def _report_built(report: Say) -> None:
    report(f"Using {CONTENTS}, built in {BIN}")
    official = official_pulumi()
    if official is not None:
        report(f"To use the Pulumi at {official} instead, remove {BIN.parent} and install again")
