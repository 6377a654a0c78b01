"""The pack's configuration: its mistakes, and the shipped JSON schema."""

import json
from pathlib import Path
from typing import Any

import pytest

from model_serving.policies.pack.configuration import (
    configured,
    level_of,
    mistakes,
    schema,
    settings_of,
    stack_file_mistakes,
)
from model_serving.policies.pack.rule import DEFAULT_PRODUCTION, Rule, applies_to
from model_serving.policies.rules import RULES

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "config.schema.json"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"trafic-jump": {}}, 'trafic-jump: unknown rule "trafic-jump". Did you mean "traffic-jump"?'),
        ({"traffic-jump": {"point": 1}}, 'traffic-jump: point: unknown setting "point". Did you mean "points"?'),
        ({"traffic-adds-up": {"sum": 1}}, 'traffic-adds-up: sum: unknown setting "sum". There are: none'),
        ({"traffic-jump": {"points": "a few"}}, 'traffic-jump: points: must be a whole number; found "a few"'),
        ({"traffic-jump": {"points": True}}, "traffic-jump: points: must be a whole number; found true"),
        ({"traffic-jump": {"points": 2.5}}, "traffic-jump: points: must be a whole number; found 2.5"),
        ({"traffic-jump": {"points": -1}}, "traffic-jump: points: must be at least 0; found -1"),
        (
            {"route-optimized-create-only": {"unreadable": "ignore"}},
            'route-optimized-create-only: unreadable: must be one of refuse, warn; found "ignore"',
        ),
        (
            {"production-stays-warm": {"stacks": "prod"}},
            'production-stays-warm: stacks: must be a list; found "prod"',
        ),
        (
            {"production-stays-warm": {"stacks": [1]}},
            "production-stays-warm: stacks: must be a list of text; found [1]",
        ),
        (
            {"supported-entity-types": {"external_models": "yes"}},
            'supported-entity-types: external_models: must be true or false; found "yes"',
        ),
    ],
)
def test_a_mistake_names_rule_and_setting(config: dict[str, dict[str, Any]], message: str) -> None:
    assert list(map(str, mistakes(RULES, config))) == [message]


def test_all_mistakes_are_reported_together() -> None:
    assert len(mistakes(RULES, {"a": {}, "traffic-jump": {"b": 1, "points": "c"}})) == 3


def test_defaults_and_all_are_valid() -> None:
    assert mistakes(RULES, {"all": {}} | {rule.name: rule.with_defaults({}) for rule in RULES}) == []


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ({"trafic-jump": "advisory"}, 'trafic-jump: unknown rule "trafic-jump". Did you mean "traffic-jump"?'),
        (
            {"traffic-jump": "sometimes"},
            'traffic-jump: must be a level or a map of settings; found "sometimes". Levels: mandatory, advisory',
        ),
        ({"traffic-jump": {"level": "remediate"}}, "traffic-jump: level: must be one of mandatory, advisory, disabled"),
        ({"traffic-jump": 3}, "traffic-jump: must be a level or a map of settings; found 3"),
        ({"production": "prod"}, "production: must be a map of settings. Write it as {stacks: [prod, prod-*]}"),
        ({"production": {"stack": ["prod"]}}, 'production: stack: unknown setting "stack". Did you mean "stacks"?'),
        ({"production": {"level": "advisory"}}, 'production: level: unknown setting "level". There are: stacks'),
        ({"traffic-jump": {"point": 5}}, 'traffic-jump: point: unknown setting "point". Did you mean "points"?'),
    ],
)
def test_stack_file_mistake_names_its_place(policies: dict[str, Any], message: str) -> None:
    (found,) = stack_file_mistakes(RULES, policies)
    assert str(found).startswith(message)


def test_named_rule_precedes_all() -> None:
    found = configured({"all": "disabled", "traffic-jump": {"points": 5}, "gpu-where-allowed": "advisory"})
    levels = {rule.name: level_of(rule, found) for rule in RULES}
    assert (levels["traffic-jump"], levels["gpu-where-allowed"]) == ("disabled", "advisory")
    assert (levels["policy-settings"], levels["waivers"]) == ("mandatory", "mandatory")
    assert settings_of(by_name("traffic-jump"), found) == {"points": 5}


@pytest.mark.parametrize(
    ("policies", "stacks"),
    [
        ({}, list(DEFAULT_PRODUCTION)),
        ({"production": {"stacks": ["live"]}}, ["live"]),
        ({"production": {"stacks": ["live"]}, "production-stays-warm": {"stacks": ["eu"]}}, ["eu"]),
        ({"production": {"stacks": []}}, []),
    ],
    ids=["default", "production", "own", "none"],
)
def test_production_stacks_have_one_source(policies: dict[str, Any], stacks: list[str]) -> None:
    assert settings_of(by_name("production-stays-warm"), configured(policies)) == {"stacks": stacks}


@pytest.mark.parametrize("stack", ["prod", "production", "prod-eu", "eu-prod"])
def test_default_production_has_the_usual_names(stack: str) -> None:
    assert applies_to(stack, by_name("production-stays-warm").with_defaults(None))


def by_name(name: str) -> Rule:
    return next(rule for rule in RULES if rule.name == name)


def test_whole_floats_are_integers() -> None:
    assert mistakes(RULES, {"traffic-jump": {"points": 25.0}}) == []


def test_shipped_schema_is_current() -> None:
    """`python -m model_serving.policies.pack.reference_docs` writes it."""
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == schema(RULES)


def test_rule_names_are_unique_kebab_case() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and "_" not in name for name in names)
