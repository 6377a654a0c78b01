"""The table of DBU figures in docs/operations.md: `make schema` writes it between its marks."""

from pathlib import Path
from typing import Final

from model_serving.databricks.prices.table import FIGURES, UNKNOWN

FILE: Final = Path(__file__).resolve().parents[3] / "docs" / "operations.md"

_BEGIN: Final = "<!-- figures: begin -->\n"
_END: Final = "<!-- figures: end -->"


def table() -> str:
    """A row for each figure, then one for each workload type without any."""
    rows = [
        f"| `{each.workload_type}` | {each.cloud} | {each.dbu_per_hour} | {each.hardware} | {each.source} |"
        f" {each.as_of} |"
        for each in FIGURES
    ]
    rows += [f"| `{name}` | all | unknown | | {why} | |" for name, why in UNKNOWN.items()]
    head = ["| workload type | cloud | DBU | hardware | source | as of |", "| --- | --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, ""])


def with_table(page: str) -> str:
    """The page with its table as the figures are now."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}{table()}{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":
    FILE.write_text(with_table(FILE.read_text(encoding="utf-8")), encoding="utf-8")
