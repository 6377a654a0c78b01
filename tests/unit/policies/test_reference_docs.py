"""The generated part of docs/policies.md is current, and a test on the engine breaks each rule."""

import ast
from pathlib import Path

import pytest

from model_serving.policies.pack.reference_docs import PAGE, page, section, table
from model_serving.policies.pack.rule import Rule
from model_serving.policies.rules import RULES

PROJECT = Path(__file__).resolve().parents[3]
BYPASSES = PROJECT / "tests" / "engine" / "policies" / "test_bypasses.py"


_ENGINE = "tests/engine/policies/test_rules.py"
_BAD_ENDPOINT = f"{_ENGINE}::test_bad_endpoint_breaks_each_rule"
_BAD_PERMISSIONS = f"{_ENGINE}::test_bad_permissions_break_each_rule"
_LIVE = f"{_ENGINE}::test_rules_on_live_endpoints_report"
_CONDITIONS = "tests/engine/policies/test_live_conditions.py::test_preview_reports_every_condition"
_ROLLOUTS = "tests/engine/policies/test_rollouts.py::test_declared_rollout_is_not_bypassed_by_hand"
BACKED_BY = {
    "policy-settings": "tests/engine/policies/test_stack_settings.py::test_mistake_in_base_yaml_refuses_the_preview",
    "waivers": f"{_ENGINE}::test_expired_waiver_fails_first",
    "route-optimized-create-only": "tests/engine/policies/test_bypasses.py::test_any_form_of_the_flip_is_refused",
    "route-optimization-choice": f"{_ENGINE}::test_large_endpoint_without_route_optimization_is_reported",
    "supported-entity-types": _BAD_ENDPOINT,
    "serving-limits": _BAD_ENDPOINT,
    "endpoint-quota": f"{_ENGINE}::test_nearly_used_quota_is_reported",
    "traffic-adds-up": _BAD_ENDPOINT,
    "traffic-jump": _LIVE,
    "same-requests": _LIVE,
    "enough-capacity": f"{_ENGINE}::test_declared_load_over_capacity_is_reported",
    "rollout-in-steps": _ROLLOUTS,
    "rollout-can-be-staged": _ROLLOUTS,
    "endpoints-serve": _CONDITIONS,
    "stop-supported": "tests/engine/components/test_endpoint_stop.py::test_stop_of_an_optimized_endpoint_is_advised",
    "no-undeclared-permissions": _CONDITIONS,
    "permissions-readable": "tests/engine/policies/test_live_conditions.py::test_unreadable_permissions_are_named_once",
    "serving-principals-exist": _CONDITIONS,
    "runs-as-declared": _CONDITIONS,
    "aliases-stay": _CONDITIONS,
    "aliases-named": _CONDITIONS,
    "secrets-last": _CONDITIONS,
    "secrets-by-reference": _BAD_ENDPOINT,
    "no-manage-for-everyone": _BAD_PERMISSIONS,
    "optimized-callers-use-oauth": f"{_ENGINE}::test_user_as_optimized_caller_is_refused",
    "permissions-declared": f"{_ENGINE}::test_endpoint_without_permissions_is_reported",
    "gpu-where-allowed": _BAD_ENDPOINT,
    "required-tags": _BAD_ENDPOINT,
    "no-silently-dropped-changes": _LIVE,
    "production-stays-warm": _BAD_ENDPOINT,
    "production-is-protected": _BAD_ENDPOINT,
    "production-names-its-callers": _BAD_PERMISSIONS,
    "production-pins-versions": f"{_ENGINE}::test_moving_alias_in_production_is_reported",
    "production-runs-as-a-service-principal": _LIVE,
}
"""The test on the real engine in which each rule is broken; `test_good_program_passes` is the other half of each."""


def declared_tests(file: Path) -> set[str]:
    return {node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_generated_part_is_current() -> None:
    """`python -m model_serving.policies.pack.reference_docs` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, RULES) == text


def test_every_rule_has_a_row() -> None:
    rows = [line.split(" | ")[0] for line in table(RULES).splitlines()[2:]]
    assert rows == [f"| [`{rule.name}`](#{rule.name})" for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_section_has_every_setting(rule: Rule) -> None:
    text = section(rule)
    assert all(part in text for part in (rule.name, rule.why, rule.passes, rule.fails, *rule.settings))
    assert ("Can't be waived" in text) is not rule.waivable


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_an_engine_test_breaks_the_rule(rule: str) -> None:
    file, _, name = BACKED_BY[rule].partition("::")
    assert name in declared_tests(PROJECT / file)


def test_at_least_twelve_bypasses_are_tried() -> None:
    assert len([name for name in declared_tests(BYPASSES) if name.startswith("test_")]) >= 12
