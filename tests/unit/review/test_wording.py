"""Words of the report that readers once misread, each with the change that it is about."""

from collections.abc import Callable
from typing import Any

import pytest

from model_serving.review.assess.impacts import Risk
from model_serving.review.assess.report import Verdict
from model_serving.review.render import summary
from tests.support.golden_cases import CASES, comment_on, report_on
from tests.support.reports import impacts_of, report_of

Inputs = Callable[..., dict[str, Any]]
Planned = Callable[..., dict[str, Any]]
SECRET = "databricks:index/servicePrincipalSecret:ServicePrincipalSecret"
EXPIRY = "2028-01-01T00:00:00Z"


def secret(plan: Planned, op: str, generation: int) -> dict[str, Any]:
    """A step on a generation of the secret of `checkout`."""
    old: dict[str, Any] | None = None if op == "create" else {}
    new: dict[str, Any] | None = None if op == "delete" else {}
    event = plan(op, f"checkout-secret-{generation}", old, new, SECRET)
    metadata = event["resourcePreEvent"]["metadata"]
    component = "model-serving:index:ServicePrincipal"
    metadata["urn"] = f"urn:pulumi:prod::model-serving::{component}${SECRET}::checkout-secret-{generation}"
    for side in filter(None, (metadata["old"], metadata["new"])):
        side["parent"] = f"urn:pulumi:prod::model-serving::{component}::checkout"
        side["outputs"] = {"expireTime": EXPIRY}
    return event


def test_rotation_says_until_when_the_old_secret_lives(plan: Planned) -> None:
    result = report_of(secret(plan, "same", 1), secret(plan, "create", 2))
    assert impacts_of(result) == [
        ("access", "OAuth secret generation 2 is new, stored in the stack's encrypted outputs")
    ]
    assert "generation 1 stays valid until 2028-01-01, or until the next rotation" in str(
        result.resources[0].impacts[0].why
    )
    assert [(row.label, row.before, row.after) for row in result.resources[0].fields] == [
        ("oauth_secret.generation", "1", "2")
    ]


def test_two_generations_at_once_cut_callers_off(plan: Planned) -> None:
    deleted, created = (secret(plan, "delete", n) for n in (1, 2)), (secret(plan, "create", n) for n in (3, 4))
    result = report_of(*deleted, *created)
    assert result.risk is Risk.OUTAGE
    assert [what for _, what in impacts_of(result)] == [
        "OAuth secret generations 1 and 2 are deleted: callers can't sign in until they have a new one",
        "OAuth secret generations 3 and 4 are new, stored in the stack's encrypted outputs",
    ]


def test_unchanged_counts_endpoints_only() -> None:
    assert summary.counts(report_on(CASES / "no-changes")) == "3 endpoints unchanged"


def test_restored_endpoint_does_not_break_callers() -> None:
    comment = comment_on(CASES / "changed-outside")
    assert "recreated" in comment
    assert "someone deleted it outside of this project" in comment
    assert "callers must change" not in comment


@pytest.mark.parametrize("name", ["drift-at-night", "changed-outside", "no-changes"])
def test_nothing_is_approved_in_drift(name: str) -> None:
    assert "pprov" not in comment_on(CASES / name)


def test_drift_names_what_differs() -> None:
    verdict = str(summary.verdict(report_on(CASES / "drift-at-night")))
    assert verdict == "local: the workspace differs from the stack files (iris-classifier, fraud-scorer)"


def test_moved_alias_is_called_that_once() -> None:
    comment = comment_on(CASES / "moved-alias")
    assert "callers will get different answers, an alias moved" in comment
    assert comment.count("`aliases-") == 0
    assert comment.count("**alias moved**") == 1


def test_protected_deletion_is_explained_without_a_urn() -> None:
    report, comment = report_on(CASES / "protected-deletion"), comment_on(CASES / "protected-deletion")
    assert report.verdict is Verdict.FAILED
    assert "urn:pulumi" not in comment
    assert 'Endpoint "iris-classifier" is protected: it can\'t be deleted' in comment


@pytest.mark.parametrize(
    ("name", "way_back"),
    [
        ("canary-step", "To go back: traffic.challenger: 5, traffic.champion: 95"),
        (
            "deleted-endpoint",
            "No way back: iris-classifier would be a new endpoint, with a new id and possibly another URL",
        ),
        ("rotated-secret", "No way back: a deleted secret can't be restored"),
        ("new-endpoint", "To go back: revert this change and deploy it"),
        ("flipped-route-optimization", ""),
        ("drift-at-night", ""),
        ("no-changes", ""),
    ],
)
def test_way_back_is_named(name: str, way_back: str) -> None:
    assert str(summary.rollback(report_on(CASES / name))) == way_back


def test_conditions_are_told_apart_from_the_change() -> None:
    own, _, others = comment_on(CASES / "failed-update").partition("### 👁️ Not part of this change")
    assert "endpoints-serve" not in own
    assert 'The last update of endpoint "fraud-scorer" failed' in others


def test_added_items_are_shown_as_the_stack_file_has_them(plan: Planned, inputs: Inputs) -> None:
    tags = [{"key": "team", "value": "risk"}]
    (added,) = impacts_of(report_of(plan("update", "a", inputs("a"), inputs("a", tags=tags), diffs=["tags"])))
    assert added == ("cosmetic", "`tags` added: `team: risk`")
    more = [*tags, {"key": "stage", "value": "new"}]
    (added,) = impacts_of(
        report_of(plan("update", "a", inputs("a", tags=tags), inputs("a", tags=more), diffs=["tags"]))
    )
    assert added == ("cosmetic", "`tags.stage` added: `new`")
