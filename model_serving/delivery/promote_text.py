"""A promotion for a terminal."""

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from model_serving.delivery.promote import Promotion


def told(promotion: Promotion, *, with_patch: bool, width: int = 110) -> str:
    """What differs, what the patch carries over, and the patch itself."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    with console.capture() as capture:
        _differences(console, promotion)
        for key in promotion.only_in_source:
            console.print(
                Text(f"Endpoint {key} is in {promotion.source} only; write it into base.yaml to have it in both")
            )
        for key in promotion.only_in_target:
            console.print(Text(f"Endpoint {key} is in {promotion.target} only"))
        for row in promotion.undeployed:
            console.print(Text(f"{row.label} is declared as {row.before}, deployed is {row.after}"))
    return (
        "\n".join(line.rstrip() for line in capture.get().splitlines())
        + "\n"
        + _patch(promotion, with_patch=with_patch)
    )


def _differences(console: Console, promotion: Promotion) -> None:
    if not promotion.differences:
        console.print(f"{promotion.source} and {promotion.target} serve the same, in the same way")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("endpoint", "field", promotion.target, f"{promotion.source}", ""):
        table.add_column(heading, overflow="fold")
    for each in sorted(promotion.differences, key=lambda each: (each.endpoint, not each.carried, each.field)):
        carried = "promoted" if each.carried else "stays"
        cells = (each.endpoint, each.field, each.target or "-", each.source or "-", carried)
        table.add_row(*(Text(cell, style="" if each.carried else "dim") for cell in cells))
    console.print(table)


def _patch(promotion: Promotion, *, with_patch: bool) -> str:
    if not promotion.patch:
        return "Nothing to promote\n"
    return f"\n{promotion.patch}" if with_patch else ""
