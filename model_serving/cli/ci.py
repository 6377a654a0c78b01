"""`model-serving ci`: the steps that only pipelines call."""

import json
import os
from pathlib import Path

import click

from model_serving.cli import ci_jobs
from model_serving.cli.ci_changed import changed
from model_serving.cli.command import CONTEXT, STATUSES, OrderedGroup, subcommand
from model_serving.cli.options import Declare, stack_option
from model_serving.delivery.approval import Reviewed, approved, put_report
from model_serving.delivery.caller_secrets.credentials import deliveries
from model_serving.delivery.caller_secrets.deliver import deliver
from model_serving.delivery.drift.issue import drift_marker
from model_serving.delivery.forges.forge import forge
from model_serving.delivery.records import review_key
from model_serving.errors import UsageError, UserError
from model_serving.operations.outputs import spec_name, stack_outputs
from model_serving.review.plan.credentials import REVIEW_KEY
from model_serving.review.render.markers import marker, reviewed_digest, reviewed_sections


@click.group(
    "ci", cls=OrderedGroup, context_settings=CONTEXT, epilog=f"\b\nExample: model-serving ci changed\n{STATUSES}"
)
def ci_command() -> None:
    """Commands for pipelines: the changed stacks, and comments and issues on GitHub and GitLab."""


ci_command.add_command(changed)


def _pull_request_option() -> Declare:
    return click.option(
        "--pull-request", "number", type=int, required=True, metavar="NUMBER", help="Number of the pull request."
    )


@subcommand(
    "comment",
    group=ci_command,
    example="model-serving ci comment --stack prod --pull-request 7 --head 0123abc --file review.md",
)
@stack_option()
@_pull_request_option()
@click.option("--head", metavar="SHA", default="", help="The reviewed commit of the pull request.")
@click.option("--file", type=Path, required=True, metavar="FILE", help="The report in Markdown.")
def comment(stack: str, number: int, head: str, file: Path) -> int:
    """Write or update a stack's comment on a pull request.

    With MODEL_SERVING_REVIEW_KEY it holds a signed record of the report, which `ci approved-digest` verifies.
    """
    key = review_key() if os.environ.get(REVIEW_KEY) else None
    if key and not head:
        raise UsageError("Which commit of the pull request was reviewed? Give --head SHA")
    text = file.read_text(encoding="utf-8")
    report = Reviewed(stack, number, head, reviewed_digest(text), reviewed_sections(text))
    done = put_report(forge(), marker(stack), text, report, key)
    if done == "outdated":
        click.echo(f"Comment for {stack} not written: {head[:12]} is no longer the newest commit of the pull request")
        return 0
    click.echo(f"Comment for {stack} {done}")
    if not key:
        without = "a deployment of it needs the approval of the environment"
        click.echo(f"{REVIEW_KEY} is not set, so the report is not recorded: {without}", err=True)
    return 0


@subcommand(
    "approved-digest",
    group=ci_command,
    short_help="Print the digest that was approved.",
    example="model-serving ci approved-digest --stack prod --pull-request 7",
)
@stack_option()
@_pull_request_option()
@click.option("--without-approval", is_flag=True, help="Take the last report; no review has to approve it.")
@click.option("--output", "file", type=Path, metavar="FILE", help="Write the verified record to this file, as JSON.")
def approved_digest(stack: str, number: int, file: Path | None, *, without_approval: bool) -> int:
    """Print the digest that was on show when a pull request was approved last.

    Fails if the comment was forged, edited, copied or is stale, and if nobody approved its newest commit. 0 stands for
    no pull request.
    """
    record = approved(forge(), marker(stack), stack, number, review_key(), with_approval=not without_approval)
    if file:
        file.write_text(json.dumps(vars(record), indent=2) + "\n", encoding="utf-8")
    click.echo(record.digest)
    return 0


@subcommand(
    "issue",
    group=ci_command,
    example="model-serving ci issue --stack prod --report drift-prod.json --file drift-prod.md",
)
@click.option("--stack", metavar="NAME", default="", help="Name of the stack.")
@click.option("--all", "every", is_flag=True, help="The report is of `model-serving drift --all`.")
@click.option("--report", type=Path, required=True, metavar="FILE", help="The drift report in JSON.")
@click.option(
    "--file", type=Path, required=True, metavar="FILE", help="The drift report in Markdown: the issue's text."
)
def issue(stack: str, report: Path, file: Path, *, every: bool) -> int:
    """Open, update or close the issue on drift of a stack, or of all stacks.

    It is closed if the workspace is as declared, and no person needs to look at it.
    """
    if bool(stack) is every:
        raise UsageError("Which stack? Give --stack NAME, or --all")
    issues, mark, name = forge().issues(), drift_marker([stack], is_whole_workspace=every), stack or "all stacks"
    if _needs_issue(report):
        text = file.read_text(encoding="utf-8")
        if not text.startswith(mark):
            raise UserError(
                f"{file} is not the drift report of {name}. Write it with: model-serving drift --output FILE.md"
            )
        done = issues.put(mark, text, f"Drift: {name}")
    else:
        done = issues.close(mark)
    click.echo(f"Issue for {name}: {done}")
    return 0


def _needs_issue(report: Path) -> bool:
    """Whether a drift report in JSON is not clean. Raises UserError where it is none."""
    try:
        return int(json.loads(report.read_text(encoding="utf-8"))["exit_status"]) != 0
    except (ValueError, KeyError, TypeError):
        hint = "Write it with: model-serving drift --output FILE.json"
        raise UserError(f"{report} is not a drift report in JSON. {hint}") from None


@subcommand("merged", group=ci_command, example="model-serving ci merged --commit 0123abc")
@click.option("--commit", required=True, metavar="SHA", help="A commit of the main branch.")
def merged(commit: str) -> int:
    """Print the number of a commit's merged pull request.

    0 where there is none.
    """
    click.echo(forge().merged_by(commit))
    return 0


@subcommand("deliver-secrets", group=ci_command, example="model-serving ci deliver-secrets --stack prod")
@stack_option()
def deliver_secrets(stack: str) -> int:
    """Deliver callers' OAuth secrets to GitHub and GitLab.

    Where the stack files declare it (`oauth_secret: {deliver: ...}`), and only what is not there yet.
    """
    wanted = list(deliveries(spec_name(stack), stack_outputs(stack)))
    if not wanted:
        click.echo(f"Stack {stack} delivers no secrets to a forge")
    failed = False
    for outcome in deliver(wanted):
        click.echo(outcome.text, err=outcome.failed)
        failed = failed or outcome.failed
    return int(failed)


for _job in (ci_jobs.take, ci_jobs.ready, ci_jobs.sign_in, ci_jobs.gate_command, ci_jobs.protected, ci_jobs.newest):
    ci_command.add_command(_job)
