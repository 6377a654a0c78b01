"""A promotion as text for a terminal."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from model_serving.delivery.promote import Promotion
from model_serving.delivery.undeployed import Served
from model_serving.spec.files.listing import stack_file

_WIDTH = 110


def promotion_text(promotion: Promotion, output: Path | None) -> str:
    """The differences, which of them the patch holds, and the patch itself unless it was written to `output`."""
    console = Console(file=io.StringIO(), width=_WIDTH, highlight=False)
    with console.capture() as capture:
        console.print(_table(promotion) if promotion.differences else _equal(promotion))
        for note in _notes(promotion):
            console.print(Text(note))
    lines = [line.rstrip() for line in capture.get().splitlines()]
    if promotion.patch and not output:
        lines += ["", promotion.patch.removesuffix("\n"), ""]
    lines += _outcome(promotion, output)
    return "\n".join(lines) + "\n"


def _outcome(promotion: Promotion, output: Path | None) -> Iterator[str]:
    """What was written where, what to do next, and which differences wait for an option."""
    file = stack_file(promotion.target)
    if promotion.patch and output:
        yield f"Written to {output}: a patch for {file}. Nothing is changed or deployed yet. Apply it with:"
        yield f"  git apply {output}"
    elif promotion.patch:
        yield f"The patch is for {file}. Nothing is changed or deployed yet. Write it to a file with --output FILE"
    else:
        yield "Nothing to promote"
    if any(not each.promoted and each.field.startswith("traffic") for each in promotion.differences):
        yield "The traffic differs and stays: --include traffic takes it over, with entities that only one stack has"


def _equal(promotion: Promotion) -> str:
    return f"{promotion.source} and {promotion.target} declare the same"


def _table(promotion: Promotion) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("endpoint", "field", promotion.target, promotion.source, ""):
        table.add_column(heading, overflow="fold")
    for each in sorted(promotion.differences, key=lambda each: (each.endpoint, not each.promoted, each.field)):
        outcome = "in the patch" if each.promoted else "unchanged"
        cells = (each.endpoint, each.field, each.target or "-", each.source or "-", outcome)
        table.add_row(*(Text(cell, style="" if each.promoted else "dim") for cell in cells))
    return table


def _notes(promotion: Promotion) -> Iterator[str]:
    for key in promotion.only_in_source:
        yield f"Endpoint {key} is in {promotion.source} only; declare it in base.yaml to have it in both"
    for key in promotion.only_in_target:
        yield f"Endpoint {key} is in {promotion.target} only"
    for each in promotion.undeployed:
        deployed = f"deployed is {_joined(each.deployed)}" if each.deployed else "it is not deployed"
        yield f"{each.stack}: {each.endpoint} is declared as {_joined(each.declared)}; {deployed}"


def _joined(served: Iterable[Served]) -> str:
    return ", ".join(map(str, served))
