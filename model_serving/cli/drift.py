"""`model-serving drift`: whether the workspace is what the stack files declare."""

from pathlib import Path

from model_serving.cli.command import STATUSES_WITH_APPROVAL, subcommand
from model_serving.cli.options import policy_pack_option, report_output_options, stack_option
from model_serving.cli.reports import exit_status, write_reports
from model_serving.cli.review import previewed, reports_on
from model_serving.delivery.stamp import stamp_of
from model_serving.review.assess.report import Purpose


@subcommand("drift", example="model-serving drift --stack prod", statuses=STATUSES_WITH_APPROVAL)
@stack_option()
@policy_pack_option()
@report_output_options()
def drift_command(stack: str, packs: tuple[str, ...], form: str | None, files: tuple[Path, ...]) -> int:
    """Report where the workspace differs from the stack files: changed outside, or not deployed.

    It compares as `model-serving review --stack NAME --refresh` does.
    """
    folder = Path.cwd()
    previews = [*previewed((stack,), folder, packs, "", refresh=True)]
    reports = reports_on(previews, folder, stamp_of(folder), purpose=Purpose.DRIFT)
    write_reports(reports, form, files, folder)
    return exit_status(reports)
