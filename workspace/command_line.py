"""The command line of `python -m workspace`."""

import argparse
import sys
from typing import Final, NoReturn

from model_serving.workspace.admin.switches import chosen
from model_serving.workspace.serving.quotas import limited
from model_serving.workspace.settings import Settings

WRONG_USAGE: Final = 3


class CommandLine(argparse.ArgumentParser):
    """A parser that ends wrong usage with status 3, as every command of this project does; 1 is a failure."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def settings_of(options: argparse.Namespace) -> Settings:
    """Raises SwitchError or LimitError where a choice is not one of those there are."""
    return Settings(
        ready_after=options.ready_after,
        token_lifetime=options.token_lifetime,
        idle_after=options.idle_after,
        cold_start=options.cold_start,
        switches=chosen(options.switch),
        limits=limited(options.limit),
    )


def arguments() -> argparse.ArgumentParser:
    parser = CommandLine(
        prog="python -m workspace",
        description="An embedded Databricks workspace.",
        epilog="exit status: 0 stopped as asked, 1 failed, 3 wrong usage",
    )
    parser.add_argument(
        "command",
        nargs="?",
        default="serve",
        choices=["serve", "credentials"],
        help="serve (the default), or print the export lines of a database's workspace, for a shell to eval",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8787, help="0: any free one (default: %(default)s)")
    parser.add_argument("--db", default=".local/workspace.db", help="its file, or :memory: (default: %(default)s)")
    parser.add_argument("--seed", metavar="FILE", help="YAML of models, users and more; see workspace/admin/seed.py")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME[/VERSION]=PATH",
        help="score a model with a Python file or an MLflow model folder; may be given again for another",
    )
    parser.add_argument(
        "--oauth", action="store_true", help="credentials: those of the administrating service principal"
    )
    _add_times(parser)
    _add_choices(parser)
    return parser


def _add_times(parser: argparse.ArgumentParser) -> None:
    for name, default, meaning in (
        ("--ready-after", 2.0, "how long deployments take"),
        ("--token-lifetime", 3600.0, "life of OAuth tokens"),
        ("--idle-after", 1800.0, "without a query for so long, what may scale to zero has done so"),
        ("--cold-start", 3.0, "how long the first query after that waits"),
    ):
        help_ = f"{meaning} (default: %(default)g)"
        parser.add_argument(name, type=float, default=default, metavar="SECONDS", help=help_)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=ANSWER",
        help="what to answer where the service's answer is uncertain: see docs/workspace.md",
    )
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=NUMBER", help="change a quota: see docs/workspace.md"
    )
