"""What differs between an approved plan and the one of now."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_serving.delivery.comparison import differences
from model_serving.errors import UsageError
from model_serving.review.assess.digest import Covered
from model_serving.review.assess.report import Report
from model_serving.review.render.json_report import as_json
from tests.support.golden_cases import CASES, report_on

APPROVED = Covered({"plan": "1" * 64, "components": "2" * 64}, {"components/args.py": "3", "components/stack.py": "4"})
NOW = Covered({"plan": "5" * 64, "components": "6" * 64}, {"components/args.py": "7", "components/stack.py": "4"})


@pytest.fixture(scope="module")
def report() -> Report:
    return replace(report_on(CASES / "canary-step"), digest="a" * 32, covered=APPROVED)


@pytest.fixture
def now(report: Report) -> Report:
    return replace(report, digest="b" * 32, covered=NOW)


Written = Callable[[Any], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: Any) -> Path:
        file = tmp_path / "approved.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


def test_a_review_s_report_names_the_files(report: Report, now: Report, written: Written) -> None:
    expected = ("components differs: components/args.py", "the plan differs")
    assert differences(written(as_json([report])), "a" * 32, now) == expected


def test_a_record_names_the_sections(now: Report, written: Written) -> None:
    sections = {name: value[:12] for name, value in APPROVED.sections.items()}
    record = {"digest": "a" * 32, "stack": "local", "sections": sections}
    assert differences(written(record), "a" * 32, now) == ("components differs", "the plan differs")


def test_another_report_says_nothing(report: Report, now: Report, written: Written) -> None:
    assert differences(written(as_json([report])), "c" * 32, now) == ()
    assert differences(written(as_json([report])), "a" * 32, replace(now, stack="prod")) == ()
    assert differences(None, "a" * 32, now) == ()
    assert differences(Path("nowhere"), "a" * 32, now) == ()


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"digest": "x"}', '{"stacks": [{}]}'])
def test_another_file_is_named(content: str, now: Report, written: Written) -> None:
    with pytest.raises(UsageError, match="is no approved report"):
        differences(written(content), "x", now)
