"""The contract's page is what its tables say."""

from pathlib import Path

from contract import fields
from contract.page import TABLES, page

PROJECT = Path(__file__).resolve().parents[2]


def test_the_page_is_current() -> None:
    """`python -m contract > docs/contract.md` writes it anew."""
    assert (PROJECT / "docs/contract.md").read_text(encoding="utf-8") == page()


def test_every_table_is_on_it_and_every_row_of_it() -> None:
    assert set(TABLES) == {file.stem for file in (PROJECT / "contract").glob("*.yaml")}
    rows = sum(len(fields(name)) for name in TABLES)
    assert page().count("\n| `") == rows
