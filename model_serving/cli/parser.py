"""How this project's commands end: one table of exit statuses, for people and for pipelines."""

import argparse
import sys
from typing import Any, Final, NoReturn

WRONG_USAGE: Final = 3

STATUSES: Final = "exit status: 0 done or nothing to say, 1 failed or refused, 3 wrong usage, 130 interrupted"


class CommandLine(argparse.ArgumentParser):
    """A parser that ends wrong usage with status 3: argparse's own 2 says that a change needs approval."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"epilog": STATUSES, **options})

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")
