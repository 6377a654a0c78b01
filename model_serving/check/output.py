"""The findings of `check` as text, JSON or SARIF."""

import json
from dataclasses import asdict
from typing import Any

from model_serving.check.check import STACK_FILE, Checked, CheckFinding
from model_serving.sarif import sarif


def render(checked: Checked, form: str) -> str:
    """The findings as `text` (each starts a line, as compilers write it, with a summary), `json` or `sarif`."""
    if form == "sarif":
        return sarif(finding.result for finding in checked.findings)
    if form == "json":
        return json.dumps(list(map(_entry, checked.findings)), indent=2, ensure_ascii=False) + "\n"
    return "\n".join([*map(str, checked.findings), _summary(checked), ""])


def _entry(finding: CheckFinding) -> dict[str, Any]:
    fields = asdict(finding.diagnostic)
    return {**fields.pop("location"), **fields, "rule": finding.rule, "level": finding.level, "stacks": finding.stacks}


def _summary(checked: Checked) -> str:
    """What was checked, what was found, and what was not checked."""
    if not checked.stacks:
        return "No stack to check: there is no stacks/Pulumi.<stack>.yaml in this folder"
    findings = checked.findings
    errors = sum(each.rule == STACK_FILE for each in findings)
    mandatory = sum(each.level == "mandatory" for each in findings) - errors
    advisory = len(findings) - errors - mandatory
    counts = [_number(errors, "error in the stack files", "errors in the stack files")] if errors else []
    counts += [_number(mandatory, "violation of mandatory rules", "violations of mandatory rules")] if mandatory else []
    counts += ["no errors"] if not counts else []
    counts += [_number(advisory, "advisory finding", "advisory findings")] if advisory else []
    stacks, endpoints = _number(len(checked.stacks), "stack"), _number(checked.endpoints, "endpoint")
    if checked.invalid:
        return f"{stacks}: {', '.join(counts)}; rules are checked when these are fixed: {', '.join(checked.invalid)}"
    text = f"{stacks}, {endpoints}: {', '.join(counts)}"
    return text if mandatory else f"{text}; {_number(len(checked.waiting), 'rule waits', 'rules wait')} for the preview"


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"
