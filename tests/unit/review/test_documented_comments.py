"""The comments that the documentation shows are those of the recorded cases."""

import re

import pytest

from tests.support.golden_cases import CASES
from tests.support.running_workspace import PROJECT

SHOWN = re.compile(r"<!-- the comment of (?P<folder>\S+) -->\n````markdown\n(?P<comment>.*?)````\n", re.DOTALL)


@pytest.mark.parametrize(
    ("page", "cases"),
    [("review.md", ["canary-step"]), ("migration.md", ["migration-start", "migration-end", "migration-refused"])],
)
def test_comments_in_the_documentation_are_recorded_ones(page: str, cases: list[str]) -> None:
    shown = [*SHOWN.finditer((PROJECT / "docs" / page).read_text(encoding="utf-8"))]
    assert [match["folder"] for match in shown] == [f"tests/unit/review/cases/{name}" for name in cases]
    for match, name in zip(shown, cases, strict=True):
        whole = (CASES / name / "comment.md").read_text(encoding="utf-8")
        # A page may show the part that it is about.
        assert match["comment"] in whole, f"docs/{page}: the comment of {name} has changed"
