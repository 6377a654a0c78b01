"""Makes sure that there is an engine: the official one, or one that is built."""

from pathlib import Path

from toolchain.build import BIN, CONTENTS, build, is_built
from toolchain.errors import ToolchainError
from toolchain.golang import REQUIRED, usable_go
from toolchain.official import official_pulumi, why_not_official
from toolchain.progress import Report


def ensure(report: Report = print) -> Path | None:
    """Installs an engine if there is none. Returns the folder of the built one, or None for an official one on PATH.

    Raises ToolchainError if none can be installed.
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
            f"{obstacle}, and no Go to build it with: install Pulumi (https://www.pulumi.com/docs/install/) or, if its "
            f"downloads are blocked, Go {REQUIRED} or newer (https://go.dev/dl/)"
        )
    build(go, obstacle, report)
    _report_built(report)
    return BIN


def has_engine() -> bool:
    """Whether there is a `pulumi` to run, of any version."""
    return is_built() or official_pulumi() is not None


def _report_built(report: Report) -> None:
    report(f"Using {CONTENTS}, built in {BIN}")
    official = official_pulumi()
    if official is not None:
        report(f"To use the Pulumi at {official} instead, remove {BIN.parent} and run the install again")
