"""The review's words for who gets which secret where."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.resource_types import (
    SECRET_ACL,
    SECRET_DELIVERY,
    SECRET_SCOPE,
    SECRET_SCOPE_COMPONENT,
    SERVICE_PRINCIPAL_COMPONENT,
)
from model_serving.databricks.special_values import CHANGED_OUTSIDE
from tests.support.reports import impacts_of, report_of

CASES = Path(__file__).parent / "cases"
Inputs = Mapping[str, Any]
OWNERS = {SECRET_DELIVERY: f"{SERVICE_PRINCIPAL_COMPONENT}::checkout"}


def plan(op: str, name: str, old: Inputs | None, new: Inputs | None, kind: str, *diffs: str) -> dict[str, Any]:
    """One step as the engine reports it, of a resource of a component or of a component itself."""
    stack = "urn:pulumi:prod::model-serving::"
    owner = OWNERS.get(kind, f"{SECRET_SCOPE_COMPONENT}::risk")
    is_component = kind == SERVICE_PRINCIPAL_COMPONENT
    parent = f"{stack}pulumi:pulumi:Stack::prod" if is_component else stack + owner
    urn = f"{stack}{kind}::{name}" if is_component else f"{stack}{owner.partition('::')[0]}${kind}::{name}"
    sides = {
        side: {"parent": parent, "inputs": dict(inputs), "outputs": {}} if inputs is not None else None
        for side, inputs in (("old", old), ("new", new))
    }
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, **sides, "diffs": list(diffs)}}}


def place(**changes: str) -> dict[str, str]:
    return {"scope": "risk", "idKeyName": "id", "secretKeyName": "oauth", "secretId": "1", **changes}


@pytest.mark.parametrize(
    ("op", "after", "expected"),
    [
        ("create", place(), ("access", "The application id and the secret are delivered to secret scope `risk`, keys")),
        ("update", place(secretId="2"), ("access", "The newest secret replaces the one in secret scope `risk`, keys")),
        ("update", place(idKeyName="new"), ("interface", "The secret moves to secret scope `risk`, keys `new` and")),
        ("replace", place(scope="b"), ("interface", "The secret moves from secret scope `risk` to secret scope `b`")),
        ("delete", None, ("outage", "The secret is no longer delivered to secret scope `risk`, keys `id` and `oauth`")),
    ],
)
def test_delivery_to_a_scope_is_explained(op: str, after: dict[str, str] | None, expected: tuple[str, str]) -> None:
    before = None if op == "create" else place()
    differs = [name for name in before or {} if after and before and after[name] != before[name]]
    found = impacts_of(report_of(plan(op, "checkout-delivery", before, after, SECRET_DELIVERY, *differs)))
    assert [(risk, text[: len(expected[1])]) for risk, text in found] == [expected]


def test_overwritten_secret_is_drift() -> None:
    step = plan("update", "checkout-delivery", place(), place(), SECRET_DELIVERY, "secretId")
    step["resourcePreEvent"]["metadata"]["old"]["outputs"] = {"secretId": CHANGED_OUTSIDE}
    result = report_of(step)
    where = "secret scope `risk`, keys `id` and `oauth`"
    assert impacts_of(result) == [("access", f"The secret in {where} was changed outside of this project")]
    assert [row.label for each in result.drifted for row in each.drift] == ["oauth_secret.deliver.secret_scope"]


@pytest.mark.parametrize(
    ("kind", "op", "expected"),
    [
        (SECRET_SCOPE, "create", ("access", "Secret scope `risk` is new")),
        (SECRET_SCOPE, "delete", ("outage", "Secret scope `risk` is deleted with every secret in it")),
        (SECRET_ACL, "create", ("access", "`jobs` may read every secret of secret scope `risk`")),
        (SECRET_ACL, "delete", ("access", "`jobs` may no longer read secret scope `risk`")),
    ],
)
def test_scopes_and_their_readers_are_named(kind: str, op: str, expected: tuple[str, str]) -> None:
    inputs = {"name": "risk", "scope": "risk", "principal": "jobs"}
    sides = (None, inputs) if op == "create" else (inputs, None)
    assert impacts_of(report_of(plan(op, "risk-reader-jobs", *sides, kind))) == [expected]


@pytest.mark.parametrize("case", ["delivered-secret", "moved-delivery", "rotated-secret"])
def test_recordings_and_comments_hold_no_secret(case: str) -> None:
    for file in ("events.jsonl", "comment.md"):
        assert not re.search("dose[0-9a-f]{32}", (CASES / case / file).read_text(encoding="utf-8"))


def test_scope_that_everyone_reads_is_told() -> None:
    step = plan("create", "risk-reader-users", None, {"scope": "risk", "principal": "users"}, SECRET_ACL)
    (resource,) = report_of(step).resources
    assert str(resource.impacts[0].why) == "everyone in the workspace can sign in with them"


GITLAB = {
    "project": "acme/checkout",
    "environment_scope": "prod",
    "client_id_name": "ML_ID",
    "client_secret_name": "ML_SECRET",
    "protected": False,
}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"gitlab": GITLAB}, "The application id and the secret are delivered to"),
        ({"gitlab": GITLAB}, {}, "The secret is no longer delivered to"),
    ],
    ids=["new", "removed"],
)
def test_place_on_a_forge_is_named(before: dict[str, Any], after: dict[str, Any], expected: str) -> None:
    old, new = ({"delivery": places} for places in (before, after))
    result = report_of(plan("update", "checkout", old, new, SERVICE_PRINCIPAL_COMPONENT, "delivery"))
    where = "GitLab `acme/checkout`, environments `prod`, as `ML_ID` and `ML_SECRET` (of unprotected branches, too)"
    assert impacts_of(result) == [("access", f"{expected} {where}")]
    assert [row.label for row in result.resources[0].fields] == ["oauth_secret.deliver.gitlab"]
