"""`model-serving drift`: where the workspace differs from the stack files, without the engine."""

import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from model_serving.cli.command import STATUSES, subcommand
from model_serving.cli.confirmation import confirmed, yes_option
from model_serving.cli.options import format_options, policy_pack_option
from model_serving.cli.review import previewed, reports_on
from model_serving.delivery.drift.adopt import DriftAdoption, plan_adoption
from model_serving.delivery.drift.reports import FORMATS, Result, require_known_formats
from model_serving.delivery.drift.revert import plan_revert
from model_serving.delivery.stamp import stamp_of
from model_serving.errors import UsageError, UserError
from model_serving.operations.drift.read import read_drift
from model_serving.operations.drift.remedies import why_not_reverted
from model_serving.operations.drift.render import terminal
from model_serving.operations.drift.report import DriftReport, ResourceDrift, WorkspaceDrift
from model_serving.operations.outputs import spec_name
from model_serving.review.assess.report import Purpose, Report
from model_serving.review.plan.engine_process import progress
from model_serving.review.render.formats import is_coloured
from model_serving.spec.files.listing import has_file
from model_serving.spec.files.listing import stacks as stacks_in
from model_serving.spec.validation.suggestions import suggestion

_STATUSES = STATUSES.replace("0 done, 1 failed or refused", "0 as declared, 1 not all compared, 2 differs")


@subcommand("drift", example="model-serving drift --stack prod", statuses=_STATUSES)
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--stack", "names", metavar="NAME", multiple=True, help="Compare this stack; may be repeated.")
@click.option("--all", "every", is_flag=True, help="Compare all stacks, and report what no stack file has.")
@click.option("--preview", is_flag=True, help="Preview the next deployment, too, with the rules of the policy pack.")
@click.option("--adopt", is_flag=True, help="Print the patch after which the stack files declare what is live.")
@click.option("--write", is_flag=True, help="With --adopt: change the stack files.")
@click.option("--revert", is_flag=True, help="Restore what is declared: `pulumi up --refresh` of what differs.")
@yes_option()
@policy_pack_option()
@format_options(*FORMATS, default=None)
@click.option(
    "--output", "files", type=Path, metavar="FILE", multiple=True, help="Write to this .md, .json or .txt file."
)
def drift_command(
    *,
    keys: tuple[str, ...],
    names: tuple[str, ...],
    every: bool,
    preview: bool,
    adopt: bool,
    write: bool,
    revert: bool,
    yes: bool,
    packs: tuple[str, ...],
    form: str | None,
    files: tuple[Path, ...],
) -> int:
    """Report where the workspace differs from the stack files, by the stack files and Pulumi's state.

    It needs no passphrase and writes nothing, but with --write or --revert. KEYs choose what is reported.
    """
    folder = Path.cwd()
    _require_one_way(adopt=adopt, write=write, revert=revert, preview=preview)
    require_known_formats(form, files)
    chosen = _stacks(names, folder, every=every)
    found = _read_or_report(chosen, keys, every=every, reports=bool(files))
    if adopt:
        return _adopt(found, folder, form, write=write)
    if revert:
        if not _revert(found, folder, yes=yes):
            return found.exit_status
        found = _read(chosen, keys, every=every)
    previews = _previews(chosen, folder, packs) if preview else ()
    result = Result(found, previews, folder, stamp_of(folder))
    result.write(form, files)
    return result.exit_status


def _require_one_way(*, adopt: bool, write: bool, revert: bool, preview: bool) -> None:
    if adopt and revert:
        raise UsageError(
            "Choose one of --adopt, which declares what is live, and --revert, which restores what is declared"
        )
    if write and not adopt:
        raise UsageError("--write belongs to --adopt: it writes the change of the stack files")
    if preview and (adopt or revert):
        raise UsageError("--preview belongs to a report, not to --adopt or --revert")


def _stacks(names: Sequence[str], folder: Path, *, every: bool) -> list[str]:
    known = stacks_in(folder)
    if every and names:
        raise UsageError("Choose one of --all and --stack NAME")
    if not every and not names:
        raise UsageError(f"Which stack? Give --stack NAME or --all. Stacks here: {', '.join(known) or 'none'}")
    if unknown := [name for name in names if not has_file(folder, spec_name(name))]:
        hint = suggestion(unknown[0], known, "Stacks here")
        raise UsageError(f'There is no stack "{unknown[0]}" in this folder. {hint}')
    return list(dict.fromkeys(names)) if names else known


def _read_or_report(names: Sequence[str], keys: Sequence[str], *, every: bool, reports: bool) -> DriftReport:
    """The drift; where it is written to files, also why it can't be read: a pipeline makes an issue of them."""
    try:
        return _read(names, keys, every=every)
    except UserError as error:
        if not reports or isinstance(error, UsageError):
            raise
        progress(f"{error}\n")
        return DriftReport((WorkspaceDrift("", tuple(names), (), unread=(str(error),)),), time.time(), 0.0, every)


def _read(names: Sequence[str], keys: Sequence[str], *, every: bool) -> DriftReport:
    found = read_drift(names, whole_workspace=every, notify=lambda text: progress(f"{text}\n"))
    return _only(found, keys)


def _only(report: DriftReport, keys: Sequence[str]) -> DriftReport:
    """The report on these resources, by their keys or names; all without any. Raises UsageError for an unknown one."""
    if not keys:
        return report
    known = {name for each in report.resources for name in (each.key, each.name) if name}
    if unknown := [key for key in keys if key not in known]:
        raise UsageError(f'Nothing is called "{unknown[0]}". {suggestion(unknown[0], sorted(known), "There are")}')

    def is_chosen(resource: ResourceDrift) -> bool:
        return resource.key in keys or resource.name in keys

    return replace(
        report,
        workspaces=tuple(
            replace(
                each,
                resources=tuple(filter(is_chosen, each.resources)),
                orphans=tuple(orphan for orphan in each.orphans if orphan.subject in keys),
            )
            for each in report.workspaces
        ),
    )


def _previews(names: Sequence[str], folder: Path, packs: Sequence[str]) -> list[Report]:
    """What the next deployments would do, compared with the workspace as `model-serving review --refresh` does."""
    made = [*previewed(names, folder, packs, "", refresh=True)]
    return reports_on(made, folder, stamp_of(folder), purpose=Purpose.DRIFT)


def _adopt(report: DriftReport, folder: Path, form: str | None, *, write: bool) -> int:
    """Print or write the change of the stack files. The status is 2 where they can't declare all that differs."""
    adoptions = [plan_adoption(stack, folder, report.drifted) for stack in _stacks_of(report)]
    _show(report)
    for each in adoptions:
        for left in each.left:
            progress(f"Not declared: {left.what}: {left.why}\n")
        if write:
            each.write()
        progress(_done(each, write=write))
    if form == "json":
        click.echo(json.dumps({"adoptions": [_as_data(each) for each in adoptions]}, indent=2, ensure_ascii=False))
    elif not write:
        click.echo("".join(each.patch for each in adoptions), nl=False)
    return 2 if any(each.left for each in adoptions) else 0


def _done(adoption: DriftAdoption, *, write: bool) -> str:
    if not adoption.patch:
        return f"{adoption.file}: nothing to change\n"
    if write:
        return f"{adoption.file} is changed. Have it reviewed: the next deployment then has nothing to do for it\n"
    return f"{adoption.file} must change. The patch is on standard output; --write applies it\n"


def _as_data(adoption: DriftAdoption) -> dict[str, Any]:
    return {
        "stack": adoption.stack,
        "file": adoption.file,
        "patch": adoption.patch,
        "declared": {key: list(names) for key, names in adoption.declared.items()},
        "left": [vars(each) for each in adoption.left],
    }


def _revert(report: DriftReport, folder: Path, *, yes: bool) -> bool:
    """Restore what is declared, where a person agrees. Returns whether anything was restored."""
    plans = [plan_revert(stack, folder, report.drifted) for stack in _stacks_of(report)]
    plans = [each for each in plans if each.resources]
    _show(report)
    for each in report.drifted:
        if why := why_not_reverted(each):
            progress(f"Not restored: {each.key or each.name}: {why}\n")
    if not plans:
        progress("Nothing to restore\n")
        return False
    for plan in plans:
        names = ", ".join(each.key for each in plan.resources)
        progress(f"Restoring {names} of stack {plan.stack} as its files declare it; nothing else of it is deployed\n")
        if not yes:
            plan.preview(progress)
    if not confirmed("Restore this now?", yes=yes):
        raise UserError("Nothing was restored")
    for plan in plans:
        plan.up(progress)
    return True


def _show(report: DriftReport) -> None:
    progress(terminal.text(report, width=shutil.get_terminal_size((110, 0)).columns, color=is_coloured(sys.stderr)))


def _stacks_of(report: DriftReport) -> list[str]:
    return [stack for each in report.workspaces for stack in each.stacks]
