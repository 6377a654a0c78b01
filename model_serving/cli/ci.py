"""`model-serving ci`: the steps that only pipelines call."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from model_serving.cli import ci_jobs
from model_serving.cli.command import CONTEXT, STATUSES, OrderedGroup, subcommand
from model_serving.cli.options import Declare, format_options, stack_option
from model_serving.delivery.approval import Reviewed, approved, put_report
from model_serving.delivery.caller_secrets.credentials import deliveries
from model_serving.delivery.caller_secrets.deliver import deliver
from model_serving.delivery.changed_stacks import changed_stacks, is_local
from model_serving.delivery.forges.forge import forge
from model_serving.delivery.records import review_key
from model_serving.delivery.removed_stacks import how_to_retire
from model_serving.errors import UsageError, UserError
from model_serving.operations.outputs import spec_name, stack_outputs
from model_serving.review.plan.credentials import REVIEW_KEY
from model_serving.review.render.markers import marker, reviewed_digest, reviewed_sections
from model_serving.spec.files.listing import has_file, stacks
from model_serving.spec.files.stack_order import AFTER, waves


@click.group(
    "ci", cls=OrderedGroup, context_settings=CONTEXT, epilog=f"\b\nExample: model-serving ci changed\n{STATUSES}"
)
def ci_command() -> None:
    """Commands for pipelines: the changed stacks, and comments and issues on GitHub and GitLab."""


@subcommand("changed", group=ci_command, example="model-serving ci changed --changed-since origin/main --json")
@click.option("--changed-since", "since", metavar="REF", help="Only stacks that differ from this git ref.")
@click.option("--with-deleted", is_flag=True, help="List stacks whose file is deleted, too.")
@click.option("--deployed", is_flag=True, help="Leave out stacks whose workspace is on this machine.")
@click.option("--also", type=Path, metavar="FILE", help="A list of files that differ, too, one on each line.")
@click.option(
    "--waves", "most_waves", type=int, metavar="N", help="JSON: N lists of stacks, each deployed after the one before."
)
@format_options("text", "json")
def changed(
    since: str | None, form: str, most_waves: int | None, also: Path | None, *, with_deleted: bool, deployed: bool
) -> int:
    """List the stacks that a change affects, in the order of their deployments.

    All stacks unless a git ref is given.
    """
    folder = Path.cwd()
    other = also.read_text(encoding="utf-8").splitlines() if also else []
    names = _changed(folder, since, other, with_deleted=with_deleted, deployed=deployed) if since else stacks(folder)
    if deployed:
        names = [name for name in names if not is_local(folder, name, since)]
    found = waves(names, folder / "stacks")
    if most_waves is not None:
        click.echo(json.dumps(_padded(found, most_waves)))
        return 0
    names = [*(name for wave in found for name in wave), *(name for name in names if not has_file(folder, name))]
    click.echo(json.dumps(names) if form == "json" else "\n".join(names))
    return 0


def _padded(found: list[list[str]], most: int) -> list[list[str]]:
    """So many waves, the last ones empty. Raises UserError for more: the pipeline has no job for them."""
    if len(found) > most:
        order = ", then ".join(" and ".join(wave) for wave in found)
        hint = f"Shorten the chain of `{AFTER}` in the stack files, or add a wave to the pipeline"
        raise UserError(f"{len(found)} waves of deployments are needed, and the pipeline has {most}: {order}. {hint}")
    return [*found, *([] for _ in range(most - len(found)))]


def _changed(folder: Path, since: str, other: Sequence[str], *, with_deleted: bool, deployed: bool) -> list[str]:
    """The changed stacks. A deleted stack file is always reported, and listed only where that is asked for."""
    changed = changed_stacks(folder, since, other)
    if changed.note:
        click.echo(changed.note, err=True)
    deleted = changed.deleted
    if deployed:
        deleted = tuple(name for name in deleted if not is_local(folder, name, since))
    for name in deleted:
        click.echo(how_to_retire(folder, name, since), err=True)
    return [*changed.stacks, *(deleted if with_deleted else ())]


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
    "approved-digest", group=ci_command, example="model-serving ci approved-digest --stack prod --pull-request 7"
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
@stack_option()
@click.option("--report", type=Path, required=True, metavar="FILE", help="The drift report in JSON.")
@click.option(
    "--file", type=Path, required=True, metavar="FILE", help="The drift report in Markdown: the issue's text."
)
def issue(stack: str, report: Path, file: Path) -> int:
    """Open, update or close a stack's issue on drift.

    It is closed where the report has neither steps nor errors.
    """
    issues, mark = forge().issues(), marker(stack)
    if _has_drift(report):
        done = issues.put(mark, file.read_text(encoding="utf-8"), f"{stack} was changed outside")
    else:
        done = issues.close(mark)
    click.echo(f"Issue for {stack}: {done}")
    return 0


def _has_drift(report: Path) -> bool:
    """Whether a report in JSON names steps or errors. Raises UserError where it is not such a report."""
    try:
        return any(each["order"] or each["errors"] for each in json.loads(report.read_text(encoding="utf-8"))["stacks"])
    except (ValueError, KeyError, TypeError):
        hint = "Write it with: model-serving drift --output FILE.json"
        raise UserError(f"{report} is not a report in JSON. {hint}") from None


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


for _job in (ci_jobs.take, ci_jobs.ready, ci_jobs.sign_in, ci_jobs.gate_command, ci_jobs.protected):
    ci_command.add_command(_job)
