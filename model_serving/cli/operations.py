"""`python -m model_serving`: what people do with a deployed stack. Run it in the project's folder."""

import signal
import sys

from model_serving.cli.parser import CommandLine
from model_serving.operations import query, smoke
from model_serving.operations.errors import OperationError

INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    parser = CommandLine(prog="python -m model_serving", description="Commands around a deployed stack.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (query, smoke):
        command.add_parser(commands)
    options = parser.parse_args()
    try:
        return int(options.run(options))
    except OperationError as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
