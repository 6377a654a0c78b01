"""`python -m toolchain install` and `python -m toolchain env`."""

import argparse
import signal
import sys
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

from toolchain.environment import HOME, shell_lines
from toolchain.errors import ToolchainError
from toolchain.install import ensure, has_engine

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
WRONG_USAGE = 3


class _CommandLine(argparse.ArgumentParser):
    """A parser that exits with status 3 for wrong usage, as every command of this project does."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def main() -> int:
    """Run the command line and return its exit status."""
    arguments = _parser().parse_args()
    if isinstance(sys.stdout, TextIOWrapper):
        # Into a file or a pipe, Python would otherwise buffer the lines until it exits.
        sys.stdout.reconfigure(line_buffering=True)
    # Without handlers, `kill` would leave Go and its compilers running, and so would SIGINT in a background job of a
    # script, where Python ignores it.
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if arguments.command == "install":
            ensure()
        else:
            _print_environment()
    except ToolchainError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or 'Output'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. The next install resumes the build", file=sys.stderr)
        return INTERRUPTED
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = _CommandLine(
        prog="python -m toolchain",
        description="Install the programs that `pulumi up` needs, or print their environment.",
        epilog="exit status: 0 done, 1 failed, 3 wrong usage, 130 interrupted",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="use the official Pulumi, or build the engine if it can't be installed")
    commands.add_parser("env", help='print export lines for a shell: eval "$(python -m toolchain env)"')
    return parser


def _print_environment() -> None:
    if not has_engine():
        raise ToolchainError("No Pulumi engine is installed: run `python -m toolchain install`")
    print("\n".join(shell_lines(HOME)))


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
