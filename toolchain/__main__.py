"""`python -m toolchain install` and `python -m toolchain env`."""

import argparse
import signal
import sys
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

from toolchain.environment import HOME, shell_lines
from toolchain.errors import ToolchainError
from toolchain.install import engine_is_there, ensure

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
WRONG_USAGE = 3


class _CommandLine(argparse.ArgumentParser):
    """A parser that ends wrong usage with status 3, as every command of this project does; 1 is a failure."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def main() -> int:
    """Run the command line and return its exit status."""
    arguments = _parser().parse_args()
    if isinstance(sys.stdout, TextIOWrapper):
        # Into a file or a pipeline's log Python would keep the lines back until it ends.
        sys.stdout.reconfigure(line_buffering=True)
    # Without a handler a plain `kill` would leave Go and its compilers running, and so would SIGINT in a script's
    # background job, where Python doesn't listen to it by itself.
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
        print("\nInterrupted; what is built so far is kept, the next install goes on from there", file=sys.stderr)
        return INTERRUPTED
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = _CommandLine(
        prog="python -m toolchain",
        description="The programs that `pulumi up` needs.",
        epilog="exit status: 0 done, 1 failed, 3 wrong usage, 130 interrupted",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="use the official Pulumi, or build one where it can't be had")
    commands.add_parser("env", help='print the environment for a shell: eval "$(python -m toolchain env)"')
    return parser


def _print_environment() -> None:
    if not engine_is_there():
        raise ToolchainError("No engine yet: run `python -m toolchain install` first")
    print("\n".join(shell_lines(HOME)))


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
