"""`model-serving review`: what a change does to production, for the person who approves it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from model_serving.cli.command import STATUSES_WITH_APPROVAL, subcommand
from model_serving.cli.options import policy_pack_option, report_output_options
from model_serving.cli.reports import exit_status, write_reports
from model_serving.delivery.changed_stacks import changed_stacks
from model_serving.delivery.policy_changes import policy_notices
from model_serving.delivery.removed_stacks import preview_of_removed_stack
from model_serving.delivery.stamp import of_stack, stamp_of
from model_serving.errors import UsageError
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.judge import judge_notices
from model_serving.review.assess.report import Purpose, Report, Stamp
from model_serving.review.assess.stack_cost import declared_pricing, measurable
from model_serving.review.plan.events import read_digest, read_events
from model_serving.review.plan.live_load import measured_load
from model_serving.review.plan.notices import Notice
from model_serving.review.plan.preview import Preview
from model_serving.review.plan.run import preview
from model_serving.spec.files.declarations import declared_in
from model_serving.spec.files.listing import has_file, stacks


@subcommand("review", example="model-serving review --changed-since origin/main", statuses=STATUSES_WITH_APPROVAL)
@click.option("--stack", "names", metavar="NAME", multiple=True, help="Preview this stack; may be repeated.")
@click.option("--changed-since", "since", metavar="REF", help="Preview every stack that differs from this git ref.")
@click.option("--events", type=Path, metavar="FILE", multiple=True, help="Read an event log of the engine.")
@click.option(
    "--preview", "digests", type=Path, metavar="FILE", multiple=True, help="Read what `pulumi preview --json` printed."
)
@click.option("--refresh", is_flag=True, help="Report what was changed outside of the stack, too.")
@policy_pack_option()
@report_output_options()
@click.option("--base", metavar="REF", default="", help="Base of the branch, named in the report.")
@click.option("--head", metavar="SHA", default="", help="The reviewed commit, where it is not checked out.")
@click.option(
    "--judge-changed",
    type=Path,
    metavar="FILE",
    help="From `ci take`: changed files that judge the change; not used here.",
)
@click.option("--run-url", metavar="URL", default="", help="Address of the pipeline's run, named in the report.")
def review_command(
    *,
    names: tuple[str, ...],
    since: str | None,
    events: tuple[Path, ...],
    digests: tuple[Path, ...],
    packs: tuple[str, ...],
    form: str | None,
    files: tuple[Path, ...],
    base: str,
    head: str,
    judge_changed: Path | None,
    run_url: str,
    refresh: bool,
) -> int:
    """Preview stacks, or read a preview, and report what deploying the change does.

    `{stack}` in the name of an output makes a file for each stack.
    """
    folder, based_on = Path.cwd(), base or since or ""
    previews = [*map(read_events, events), *map(read_digest, digests)]
    if not previews:
        previews = [*previewed(_chosen(names, since, folder), folder, packs, based_on, refresh=refresh)]
    notices = [*judge_notices(judge_changed.read_text(encoding="utf-8").splitlines())] if judge_changed else []
    stamp = stamp_of(folder, based_on, head, run_url)
    reports = reports_on(previews, folder, stamp, notices, measures=refresh and not (events or digests))
    if not reports:
        click.echo("No stack is changed")
        return 0
    write_reports(reports, form, files, folder)
    return exit_status(reports)


def reports_on(
    previews: Sequence[Preview],
    folder: Path,
    stamp: Stamp,
    notices: Sequence[Notice] = (),
    purpose: Purpose = Purpose.REVIEW,
    *,
    measures: bool = False,
) -> list[Report]:
    """The reports on previews of stacks in `folder`. A report with a base names the policies that changed since.

    `measures`: the load of changed endpoints is read from the workspace, too.
    """
    reports = []
    for each in previews:
        changed = policy_notices(folder, each.stack, stamp.base) if stamp.base else ()
        locations, own_stamp = declared_in(each.stack, folder / "stacks"), of_stack(stamp, each.stack, folder)
        measured = measured_load(measurable(each), each.stack, folder) if measures else {}
        pricing = declared_pricing(each.stack, folder, measured)
        reports.append(report(each, locations, own_stamp, [*notices, *changed], purpose, pricing=pricing))
    return reports


def _chosen(names: Sequence[str], since: str | None, folder: Path) -> Sequence[str]:
    if since:
        changed = changed_stacks(folder, since)
        if changed.note:
            click.echo(changed.note, err=True)
        return [*changed.stacks, *changed.deleted]
    if not names:
        options = "--stack NAME, --changed-since REF, --events FILE or --preview FILE"
        raise UsageError(f"Which stack? Give {options}. Stacks here: {', '.join(stacks(folder)) or 'none'}")
    return names


def previewed(
    names: Sequence[str], folder: Path, packs: Sequence[str], base: str, *, refresh: bool
) -> Iterator[Preview]:
    """The previews of these stacks; of one whose file is deleted, whether it still has resources."""
    for name in names:
        if has_file(folder, name):
            yield preview(name, folder, packs, refresh=refresh)
        else:
            yield preview_of_removed_stack(name, folder, base)
