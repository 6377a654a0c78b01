"""Reports written out: in the format that is asked for, or in the one that a file's ending names."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from model_serving.check.check import STACK_FILE, as_results, check
from model_serving.review.assess.report import Report
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import markdown
from model_serving.review.render.sarif import results
from model_serving.review.render.terminal import text
from model_serving.sarif import Result, sarif

ENDINGS: Mapping[str, str] = {".md": "markdown", ".json": "json", ".sarif": "sarif", ".txt": "text"}
FORMATS = ("markdown", "json", "sarif", "text")


def written(reports: list[Report], form: str | None, files: list[Path]) -> None:
    """Write to each file, or else to standard output. `{stack}` in a file's name makes a file for each stack."""
    for file in files:
        chosen = form or ENDINGS.get(file.suffix, "text")
        if "{stack}" in file.name:
            for report in reports:
                own = file.with_name(file.name.replace("{stack}", report.stack))
                own.write_text(rendered([report], chosen), encoding="utf-8")
        else:
            file.write_text(rendered(reports, chosen), encoding="utf-8")
    if not files:
        colour = sys.stdout.isatty() and (form or "text") == "text"
        sys.stdout.write(rendered(reports, form or "text", colour=colour))


def rendered(reports: list[Report], form: str, *, colour: bool = False) -> str:
    """The reports in one format."""
    match form:
        case "markdown":
            return "\n".join(markdown(report) for report in reports)
        case "json":
            return as_json(reports)
        case "sarif":
            return sarif(result for report in reports for result in (*results(report), *_mistakes(report)))
        case _:
            return text(reports, width=shutil.get_terminal_size((110, 0)).columns, colour=colour)


def _mistakes(report: Report) -> list[Result]:
    """Where a preview failed for what its stack files say: each mistake at its line."""
    folder = Path.cwd()
    if not report.errors or not (folder / "stacks" / f"Pulumi.{report.stack}.yaml").exists():
        return []
    return as_results([each for each in check(folder, [report.stack]) if each.rule == STACK_FILE])
