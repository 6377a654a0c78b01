"""The pack's configuration: its mistakes, and the shipped JSON schema."""

import json
from pathlib import Path
from typing import Any

import pytest

from model_serving.policies.pack.configuration import mistakes, schema
from model_serving.policies.rules import RULES

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "config.schema.json"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"trafic-jump": {}}, 'trafic-jump: unknown rule. Did you mean "traffic-jump"?'),
        ({"traffic-jump": {"point": 1}}, 'traffic-jump: unknown setting "point". Did you mean "points"?'),
        ({"traffic-adds-up": {"sum": 1}}, 'traffic-adds-up: unknown setting "sum". There are: none'),
        ({"traffic-jump": {"points": "a few"}}, "traffic-jump: points: must be of type integer; found 'a few'"),
        ({"traffic-jump": {"points": True}}, "traffic-jump: points: must be of type integer; found True"),
        ({"traffic-jump": {"points": 2.5}}, "traffic-jump: points: must be of type integer; found 2.5"),
        ({"traffic-jump": {"points": -1}}, "traffic-jump: points: must be at least 0; found -1"),
        (
            {"route-optimized-create-only": {"unreadable": "ignore"}},
            "route-optimized-create-only: unreadable: must be one of refuse, warn; found 'ignore'",
        ),
        (
            {"production-stays-warm": {"stacks": "prod"}},
            "production-stays-warm: stacks: must be of type array; found 'prod'",
        ),
        (
            {"production-stays-warm": {"stacks": [1]}},
            "production-stays-warm: stacks: must have values of type string only; found [1]",
        ),
        (
            {"supported-entity-types": {"external_models": "yes"}},
            "supported-entity-types: external_models: must be of type boolean; found 'yes'",
        ),
    ],
)
def test_a_mistake_names_rule_and_setting(config: dict[str, dict[str, Any]], message: str) -> None:
    assert mistakes(RULES, config) == [message]


def test_all_mistakes_are_reported_together() -> None:
    assert len(mistakes(RULES, {"a": {}, "traffic-jump": {"b": 1, "points": "c"}})) == 3


def test_defaults_and_all_are_valid() -> None:
    assert mistakes(RULES, {"all": {}} | {rule.name: rule.with_defaults({}) for rule in RULES}) == []


def test_whole_floats_are_integers() -> None:
    assert mistakes(RULES, {"traffic-jump": {"points": 25.0}}) == []


def test_shipped_schema_is_current() -> None:
    """`python -m model_serving.policies.pack.reference_docs` writes it."""
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == schema(RULES)


def test_rule_names_are_unique_kebab_case() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and "_" not in name for name in names)
