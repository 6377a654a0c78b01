"""The command line of `python -m workspace`."""

import argparse
import sys
from typing import Final, NoReturn

from model_serving.workspace.admin.switches import parse_switches
from model_serving.workspace.serving.quotas import parse_limits
from model_serving.workspace.settings import Settings

WRONG_USAGE: Final = 3


class CommandLine(argparse.ArgumentParser):
    """A parser that exits with status 3 for wrong usage, as every command of this project does."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings from the options. Raises SwitchError or LimitError for an invalid choice."""
    return Settings(
        ready_after=options.ready_after,
        token_lifetime=options.token_lifetime,
        idle_after=options.idle_after,
        cold_start=options.cold_start,
        metrics_interval=options.metrics_interval,
        switches=parse_switches(options.switch),
        limits=parse_limits(options.limit),
    )


def parser() -> argparse.ArgumentParser:
    parser = CommandLine(
        prog="python -m model_serving.workspace",
        description="An embedded Databricks workspace.",
        epilog="exit status: 0 stopped by a signal, 1 failed, 3 wrong usage",
    )
    parser.add_argument(
        "command",
        nargs="?",
        default="serve",
        choices=["serve", "credentials"],
        help="serve (default), or print export lines with the credentials for a shell",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8787, help="port; 0: any free port (default: %(default)s)")
    parser.add_argument("--db", default=".local/workspace.db", help="database file, or :memory: (default: %(default)s)")
    parser.add_argument("--seed", metavar="FILE", help="YAML file with models, users and more: see docs/workspace.md")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME[/VERSION]=PATH|:FAULTS",
        help="score a model with a Python file or an MLflow model folder, or let it answer with faults:"
        " latency=200ms, jitter=50ms, fails=5%%, rejects=5%%, wrong=5%%, without spaces; can be repeated",
    )
    parser.add_argument(
        "--oauth", action="store_true", help="with credentials: print those of the service principal with admin rights"
    )
    _add_times(parser)
    _add_choices(parser)
    return parser


def _add_times(parser: argparse.ArgumentParser) -> None:
    for name, default, meaning in (
        ("--ready-after", 2.0, "duration of deployments"),
        ("--token-lifetime", 3600.0, "lifetime of OAuth tokens"),
        ("--idle-after", 1800.0, "idle time until entities scale to zero"),
        ("--cold-start", 3.0, "duration of a cold start after that"),
        ("--metrics-interval", 60.0, "interval that the metrics are of; 0: counters, without an interval"),
    ):
        help_ = f"{meaning} (default: %(default)g)"
        parser.add_argument(name, type=float, default=default, metavar="SECONDS", help=help_)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=ANSWER",
        help="select undocumented behaviour of the service: see docs/workspace.md",
    )
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=NUMBER", help="change a quota: see docs/workspace.md"
    )
