"""`python -m model_serving`: what a reviewer needs to say yes, from one command. See docs/review.md."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence

from model_serving.cli.commands import (
    check_command,
    comment_command,
    deploy_command,
    issue_command,
    merged_command,
    promote_command,
    report_command,
    stacks_command,
)
from model_serving.cli.parser import STATUSES, WRONG_USAGE, CommandLine
from model_serving.errors import InterruptedRunError, UsageError, UserError
from model_serving.spec.diagnostics import SpecError

_STATUSES = STATUSES.replace(", 3 ", ", 2 needs approval, 3 ")
INTERRUPTED = 128 + signal.SIGINT
_PACKS = "folder of a policy pack; may be given several times (policies, when it is not given)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. What a user did wrong is a sentence on standard error; the exit status is that of the epilog."""
    parsed = _parser().parse_args(arguments)
    if getattr(parsed, "policy_pack", None) == []:
        parsed.policy_pack = ["policies"]
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except InterruptedRunError as interrupted:
        sys.stderr.write(f"{interrupted}\n")
        return interrupted.status
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted\n")
        return INTERRUPTED
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USAGE
    except (UserError, SpecError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="python -m model_serving", description=__doc__, epilog=_STATUSES)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _report(commands.add_parser("report", help="what a change does to production", epilog=_STATUSES))
    _check(
        commands.add_parser(
            "check", help="every mistake in the stack files and every rule that they break, in an instant"
        )
    )
    _promote(commands.add_parser("promote", help="what differs between two environments, as a patch"))
    _stacks(commands.add_parser("stacks", help="the stacks that a pull request changes"))
    _comment(commands.add_parser("comment", help="put a report on its pull request"))
    _issue(commands.add_parser("issue", help="a nightly report as an issue"))
    _merged(commands.add_parser("merged", help="the pull request that brought a commit"))
    _deploy(commands.add_parser("deploy", help="`pulumi up` of exactly what was reviewed"))
    return parser


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", action="append", default=[], help="preview this stack; may be given several times")
    parser.add_argument("--changed-since", metavar="REF", help="preview every stack that differs from this git ref")
    parser.add_argument("--events", action="append", default=[], metavar="FILE", help="read an event log of the engine")
    parser.add_argument(
        "--preview", action="append", default=[], metavar="FILE", help="read what `pulumi preview --json` printed"
    )
    parser.add_argument("--refresh", action="store_true", help="look for what was changed outside, too")
    parser.add_argument("--policy-pack", action="append", default=[], metavar="FOLDER", help=_PACKS)
    parser.add_argument(
        "--format", choices=("markdown", "json", "sarif", "text"), help="text, or by the output's ending"
    )
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help="may be given several times; {stack} in its name makes a file for each stack",
    )
    parser.add_argument(
        "--base", default="", metavar="REF", help="what the branch is based on, to be named in the report"
    )
    parser.add_argument("--run-url", default="", help="address of the run that holds the full report")
    parser.set_defaults(run=report_command)


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", action="append", default=[], help="only this stack; may be given several times")
    parser.add_argument("--format", choices=("text", "sarif", "json"), default="text")
    parser.add_argument("--output", metavar="FILE")
    # pre-commit names the changed files; a base file concerns every stack, so all are checked whatever they are
    parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
    parser.set_defaults(run=check_command)


def _promote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="stack whose models and traffic are wanted")
    parser.add_argument("target", help="stack that is to have them")
    parser.add_argument(
        "--include",
        action="append",
        default=[],
        metavar="FIELD",
        help="carry this field over, too, such as permissions or workload_size; `all` for everything",
    )
    parser.add_argument("--state", action="store_true", help="compare with what is deployed, by `pulumi stack export`")
    parser.add_argument("--output", metavar="FILE", help="write the patch there: git apply FILE")
    parser.set_defaults(run=promote_command)


def _stacks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--changed-since", metavar="REF")
    parser.add_argument("--with-deleted", action="store_true", help="list those whose file is deleted, too")
    parser.add_argument("--deployed", action="store_true", help="leave out those whose workspace is on this machine")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=stacks_command)


def _comment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pull-request", type=int, required=True, metavar="NUMBER")
    parser.add_argument("--stack", required=True)
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--file", help="the report in Markdown")
    wanted.add_argument("--digest", action="store_true", help="print the digest of what was reviewed")
    parser.set_defaults(run=comment_command)


def _issue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", required=True)
    parser.add_argument("--file", required=True, help="the report in Markdown")
    parser.add_argument("--close", action="store_true", help="there is nothing to tell any more")
    parser.set_defaults(run=issue_command)


def _merged(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--commit", required=True)
    parser.set_defaults(run=merged_command)


def _deploy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", required=True)
    parser.add_argument("--reviewed", default="", metavar="DIGEST", help="digest of the report that was approved")
    parser.add_argument("--policy-pack", action="append", default=[], metavar="FOLDER", help=_PACKS)
    parser.set_defaults(run=deploy_command)


if __name__ == "__main__":
    sys.exit(main())
