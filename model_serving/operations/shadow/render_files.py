"""A shadow report in Markdown and JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from model_serving.errors import UsageError
from model_serving.operations.shadow.report import ShadowReport
from model_serving.operations.shadow.tables import field_rows, figure_rows, headline, notes
from model_serving.operations.shadow.thresholds import BrokenThreshold

_FORMATS: Final = {".md": "markdown", ".json": "json"}
_SPECIAL: Final = str.maketrans({"|": "\\|", "<": "&lt;", "`": "\\`", "*": "\\*", "_": "\\_"})


def markdown(report: ShadowReport, broken: tuple[BrokenThreshold, ...] = ()) -> str:
    """The report in Markdown, as for a comment on a pull request."""
    return "\n".join(_lines(report, broken)) + "\n"


def json_text(report: ShadowReport, broken: tuple[BrokenThreshold, ...] = ()) -> str:
    """The report in JSON. Rates and agreement are fractions, times are in milliseconds."""
    figures = {"agreement": report.agreement, "p95_factor": report.p95_factor}
    sides = {
        "live": asdict(report.live) | {"error_rate": report.live.error_rate},
        "shadow": asdict(report.shadow) | {"error_rate": report.shadow.error_rate},
    }
    return json.dumps(asdict(report) | sides | figures | {"broken": [asdict(each) for each in broken]}, indent=2)


def check_files(files: tuple[Path, ...]) -> None:
    """Raise UsageError for a file whose extension names no format, before any request is sent."""
    for file in files:
        if file.suffix not in _FORMATS:
            raise UsageError(f"--output {file}: the extension must be one of {', '.join(_FORMATS)}")


def write(report: ShadowReport, broken: tuple[BrokenThreshold, ...], files: tuple[Path, ...]) -> None:
    """Write the report to each file, in the format of its extension."""
    for file in files:
        write_as = json_text if _FORMATS[file.suffix] == "json" else markdown
        file.write_text(write_as(report, broken).rstrip("\n") + "\n", encoding="utf-8")


def _lines(report: ShadowReport, broken: tuple[BrokenThreshold, ...]) -> Iterator[str]:
    yield f"### Shadow run of {_cell(report.entity)}: {'failed' if broken else 'done'}"
    yield ""
    yield f"{_cell(headline(report))}."
    yield ""
    yield from (f"- **Broken bound:** {_cell(str(each))}" for each in broken)
    if broken:
        yield ""
    yield from _table(figure_rows(report))
    if rows := field_rows(report):
        yield from _table(rows)
    yield from (f"{_cell(note)}  " for note in notes(report))


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    head, *body = rows
    yield f"| {' | '.join(map(_cell, head))} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in body)
    yield ""


def _cell(text: str) -> str:
    """Text without what Markdown would read: field names come from models."""
    return " ".join(text.translate(_SPECIAL).split())
