"""The page on policies says what the rules are, and names tests that exist."""

import ast
from pathlib import Path

import pytest

from model_serving.policies.pack.reference_docs import BACKED_BY, PAGE, page, table
from model_serving.policies.rules import RULES

PROJECT = Path(__file__).resolve().parents[3]
WAYS_ROUND = PROJECT / "tests" / "engine" / "policies" / "test_bypasses.py"


def declared_tests(file: Path) -> set[str]:
    return {node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_the_table_is_current() -> None:
    """`python -m model_serving.policies.pack.reference_docs` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, RULES) == text


def test_every_rule_has_a_row() -> None:
    rows = [line.split(" | ")[0] for line in table(RULES).splitlines()[2:]]
    assert rows == [f"| `{rule.name}`" for rule in RULES]


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_the_row_names_a_test_that_exists(rule: str) -> None:
    file, _, name = BACKED_BY[rule].partition("::")
    assert name in declared_tests(PROJECT / file)


def test_twelve_ways_round_the_first_rule_are_tried() -> None:
    assert len([name for name in declared_tests(WAYS_ROUND) if name.startswith("test_")]) >= 12
