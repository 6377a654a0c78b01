"""A shadow report for terminals."""

import io

from rich.console import Console
from rich.table import Table

from model_serving.operations.shadow.report import ShadowReport
from model_serving.operations.shadow.tables import field_rows, figure_rows, headline, notes
from model_serving.operations.shadow.thresholds import BrokenThreshold

_WIDTH = 100


def text(report: ShadowReport, broken: tuple[BrokenThreshold, ...] = ()) -> str:
    """The report as plain text."""
    console = Console(file=io.StringIO(), width=_WIDTH, no_color=True, highlight=False, markup=False)
    console.print(headline(report), soft_wrap=True)
    for rows in filter(None, (figure_rows(report), field_rows(report))):
        console.print()
        console.print(_table(rows))
    console.print()
    for note in notes(report):
        console.print(note, soft_wrap=True)
    for each in broken:
        console.print(f"BROKEN: {each}", soft_wrap=True)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines())


def _table(rows: list[tuple[str, ...]]) -> Table:
    """A table whose first row is its head; numbers are on the right."""
    table = Table(box=None, pad_edge=False)
    for index, title in enumerate(rows[0]):
        table.add_column(title, justify="right" if index else "left", overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    return table
