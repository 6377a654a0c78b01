"""The contract's page is what its tables say."""

from pathlib import Path

from model_serving.contract import fields
from model_serving.contract.reference_docs import TABLES, page

PROJECT = Path(__file__).resolve().parents[3]


def test_page_is_current() -> None:
    """`python -m model_serving.contract > docs/contract.md` writes it."""
    assert (PROJECT / "docs/contract.md").read_text(encoding="utf-8") == page()


def test_page_has_every_table_and_row() -> None:
    assert set(TABLES) == {file.stem for file in (PROJECT / "model_serving" / "contract").glob("*.yaml")}
    rows = sum(len(fields(name)) for name in TABLES)
    assert page().count("\n| `") == rows
