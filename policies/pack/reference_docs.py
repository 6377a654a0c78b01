"""Write what is generated from the rules: the table in docs/policies.md and the JSON schema of the configuration.

`python -m model_serving.policies.pack.reference_docs`; a test says when it is due.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from model_serving.policies.pack.configuration import schema
from model_serving.policies.pack.rule import Rule
from model_serving.policies.rules import RULES

_PROJECT = Path(__file__).resolve().parent.parent.parent
SCHEMA = _PROJECT / "policies" / "config.schema.json"
PAGE = _PROJECT / "docs" / "policies.md"
_BEGIN, _END = "<!-- rules: begin -->", "<!-- rules: end -->"
_ENGINE = "tests/engine/policies/test_rules.py"
_BAD_ENDPOINT = f"{_ENGINE}::test_bad_endpoint_breaks_each_rule"
_BAD_PERMISSIONS = f"{_ENGINE}::test_bad_permissions_break_each_rule"
_LIVE = f"{_ENGINE}::test_rules_on_live_endpoints_report"
BACKED_BY = {
    "waivers": f"{_ENGINE}::test_expired_waiver_fails_first",
    "route-optimized-create-only": "tests/engine/policies/test_bypasses.py::test_any_form_of_the_flip_is_refused",
    "supported-entity-types": _BAD_ENDPOINT,
    "traffic-adds-up": _BAD_ENDPOINT,
    "traffic-jump": _LIVE,
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


def table(rules: Iterable[Rule]) -> str:
    """Each rule with what passes, what fails, why it exists, its level, its settings and its test."""
    lines = ["| rule | passes | fails | why | level | settings | waivable | test |", "| --- " * 8 + "|"]
    lines += [
        f"| `{rule.name}` | {rule.passes} | {rule.fails} | {rule.why} | {rule.level} | {_settings(rule)} "
        f"| {'yes' if rule.waivable else 'no'} | {_link(BACKED_BY[rule.name])} |"
        for rule in rules
    ]
    return "\n".join(lines)


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{file})"


def _settings(rule: Rule) -> str:
    shown = [
        f"`{key}` = `{json.dumps(value['default'])}`: {value['description']}" for key, value in rule.settings.items()
    ]
    return "<br>".join(shown) or "none"


def page(text: str, rules: Iterable[Rule]) -> str:
    """The page with its table renewed."""
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return f"{head}{_BEGIN}\n{table(rules)}\n{_END}{tail}"


def write() -> None:
    """Write the schema of the pack's configuration, and the table of rules in docs/policies.md."""
    SCHEMA.write_text(json.dumps(schema(RULES), indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), RULES), encoding="utf-8")


if __name__ == "__main__":
    write()
