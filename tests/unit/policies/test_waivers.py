"""Waivers: their fields, the violations that they waive, and their end."""

from datetime import date
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.rule import Resource, Violation
from model_serving.policies.pack.waivers import WaiverError, Waivers, parse
from model_serving.policies.rules import RULES
from model_serving.spec.vocabulary.waiver import Waiver

WRITTEN = {
    "rule": "production-stays-warm",
    "resource": "iris",
    "reason": "Runs at night only",
    "owner": "risk",
    "expires": "2027-03-31",
}
RULE = next(rule for rule in RULES if rule.name == "production-stays-warm")
WAIVERS_RULE = next(rule for rule in RULES if rule.name == "waivers")
IRIS = Resource(MODEL_SERVING, "iris", "urn", {})
ASLEEP = Violation("It sleeps")


def on(day: date, **changes: Any) -> Waivers:
    return Waivers(parse({"night": {**WRITTEN, **changes}}, RULES), day)


def applied(waivers: Waivers, *violations: Violation, resource: Resource = IRIS) -> list[Violation]:
    return list(waivers.apply(RULE, resource, violations))


def test_waiver_is_parsed() -> None:
    assert parse({"night": WRITTEN}, RULES) == {
        "night": Waiver(
            rule="production-stays-warm",
            resource="iris",
            reason="Runs at night only",
            owner="risk",
            expires=date(2027, 3, 31),
        )
    }


@pytest.mark.parametrize("moment", ["2027-03-31T00:00:00Z", "2027-03-31 00:00:00 +0000 UTC"])
def test_day_may_come_with_midnight(moment: str) -> None:
    waivers = parse({"night": {**WRITTEN, "expires": moment}}, RULES)
    assert waivers["night"].expires == date(2027, 3, 31)


def test_waived_violation_names_its_owner() -> None:
    assert applied(on(date(2027, 3, 31)), ASLEEP) == [
        Violation(
            'Waived until 2027-03-31 by "night" (owner risk): Runs at night only. Waived violation: It sleeps',
            advisory=True,
        )
    ]


def test_another_resource_is_not_waived() -> None:
    fraud = Resource(MODEL_SERVING, "fraud", "urn", {})
    assert applied(on(date(2027, 1, 1)), ASLEEP, resource=fraud) == [ASLEEP]


def test_expired_waiver_is_a_violation() -> None:
    waivers = on(date(2027, 4, 1))
    assert applied(waivers, ASLEEP) == [ASLEEP]
    (found,) = waivers.apply(WAIVERS_RULE, IRIS, [])
    assert found.message.startswith(
        'Waiver "night" of production-stays-warm for "iris" (owner risk) expired on 2027-03-31'
    )
    assert not found.advisory


def test_unused_waiver_is_reported() -> None:
    waivers = on(date(2027, 1, 1))
    (found,) = waivers.unused()
    assert found == Violation(
        'Waiver "night" of production-stays-warm for "iris" waives nothing. Remove it', advisory=True
    )
    applied(waivers, ASLEEP)
    assert list(waivers.unused()) == []


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ([], "model-serving:waivers must be a map of waivers by a key of your choice"),
        ({"a": "b"}, 'model-serving:waivers.a: must be a map; found "b"'),
        ({"a": {**WRITTEN, "until": "x"}}, 'model-serving:waivers.a.until: unknown key "until"'),
        ({"a": {**WRITTEN, "reason": " "}}, "model-serving:waivers.a.reason: is blank"),
        ({"a": {**WRITTEN, "expires": "soon"}}, 'model-serving:waivers.a.expires: must be a day; found "soon"'),
        ({"a": {**WRITTEN, "expires": 1774915200}}, "model-serving:waivers.a.expires: must be a day; found 1774915200"),
        ({"a": {**WRITTEN, "expires": "1774915200"}}, "model-serving:waivers.a.expires: must be a day; found"),
        ({"a": {**WRITTEN, "rule": "nope"}}, 'model-serving:waivers.a.rule: there is no rule "nope". There are: '),
        (
            {"a": {**WRITTEN, "rule": "route-optimized-create-only"}},
            'model-serving:waivers.a.rule: "route-optimized-create-only" can\'t be waived',
        ),
        (
            {"a": {**WRITTEN, "rule": "supported-entity-types"}},
            'model-serving:waivers.a.rule: "supported-entity-types" can\'t be waived',
        ),
    ],
)
def test_invalid_waiver_is_reported_with_its_path(written: Any, message: str) -> None:
    with pytest.raises(WaiverError) as mistake:
        parse(written, RULES)
    assert str(mistake.value).startswith(message)
