"""Which violations and changes are collapsed in the comment."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.review.render.collapse import collapse_changes, collapse_violations
from model_serving.review.render.markdown import markdown
from tests.support.reports import report_of

Inputs = Callable[..., dict[str, Any]]
Planned = Callable[..., dict[str, Any]]


def violation(urn: str, message: str) -> dict[str, Any]:
    policy = {"policyName": "pinned", "policyPackName": "pack", "enforcementLevel": "advisory"}
    return {"policyEvent": {**policy, "resourceUrn": urn, "message": f"Pin versions\n{message}"}}


def tagged(plan: Planned, inputs: Inputs, name: str, value: str) -> list[dict[str, Any]]:
    """The steps of an endpoint that gets a tag, and that follows an alias of its own."""
    step = plan("update", name, inputs(name), inputs(name, tags=[{"key": "team", "value": value}]), diffs=["tags"])
    return [step, violation(step["resourcePreEvent"]["metadata"]["urn"], f"Follows alias {name}-alias")]


@pytest.mark.parametrize(("count", "groups"), [(2, 2), (3, 1)])
def test_three_of_a_kind_are_collapsed(count: int, groups: int, plan: Planned, inputs: Inputs) -> None:
    result = report_of(*(event for name in "abc"[:count] for event in tagged(plan, inputs, name, "risk")))
    assert len(collapse_changes(result.resources)) == groups
    assert len(collapse_violations(result.advice)) == groups


def test_different_changes_are_not_collapsed(plan: Planned, inputs: Inputs) -> None:
    result = report_of(*(event for name in "abc" for event in tagged(plan, inputs, name, name)))
    assert [each.keys for each in collapse_changes(result.resources)] == [("a",), ("b",), ("c",)]


def test_collapsed_violations_keep_their_messages(plan: Planned, inputs: Inputs) -> None:
    comment = markdown(report_of(*(event for name in "abc" for event in tagged(plan, inputs, name, "risk"))))
    assert "- Follows alias a-alias · `a` and 2 more (`pinned`)" in comment
    assert "<summary>2 more</summary>\n\n`b`, `c`\n" in comment
