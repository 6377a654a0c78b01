"""Write reports in the requested format, or in the one that a file's extension names."""

import itertools
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from model_serving.review.assess.report import Report
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import markdown
from model_serving.review.render.sarif import results
from model_serving.review.render.terminal import text
from model_serving.sarif import Result, sarif

EXTENSIONS: Mapping[str, str] = {".md": "markdown", ".json": "json", ".sarif": "sarif", ".txt": "text"}


StackFileErrors = Mapping[str, Sequence[Result]]
"""By the name of the stack."""


def write_reports(
    reports: Sequence[Report], form: str | None, files: Sequence[Path], stack_file_errors: StackFileErrors
) -> None:
    """Write to each file, or to standard output. `{stack}` in a file's name makes one file per stack.

    SARIF also has the errors of a stack's files, which may explain a failed preview, each at its line.
    """
    for file in files:
        chosen = form or EXTENSIONS.get(file.suffix, "text")
        if "{stack}" in file.name:
            for report in reports:
                own = file.with_name(file.name.replace("{stack}", report.stack))
                own.write_text(render([report], chosen, stack_file_errors), encoding="utf-8")
        else:
            file.write_text(render(reports, chosen, stack_file_errors), encoding="utf-8")
    if not files:
        sys.stdout.write(render(reports, form or "text", stack_file_errors, colour=is_coloured(sys.stdout)))


def is_coloured(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether text for this stream has colours: in a terminal, or where FORCE_COLOR or CLICOLOR_FORCE is set.

    NO_COLOR and CLICOLOR=0 turn them off. Source: no-color.org, force-color.org, bixense.com/clicolors.
    """
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.isatty() and environment.get("CLICOLOR") != "0" and environment.get("TERM") != "dumb"


def render(reports: Sequence[Report], form: str, stack_file_errors: StackFileErrors, *, colour: bool = False) -> str:
    """The reports as `markdown`, `json`, `sarif` or `text`."""
    match form:
        case "markdown":
            return "\n".join(markdown(report) for report in reports)
        case "json":
            return as_json(reports)
        case "sarif":
            found = ((*results(report), *stack_file_errors.get(report.stack, ())) for report in reports)
            return sarif(itertools.chain.from_iterable(found))
        case _:
            return text(reports, width=shutil.get_terminal_size((110, 0)).columns, colour=colour)
