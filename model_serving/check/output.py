"""The findings of `check` as text, JSON or SARIF."""

import json
from dataclasses import asdict
from typing import Any

from model_serving.check.check import STACK_FILE, CheckFinding
from model_serving.sarif import sarif


def render(findings: list[CheckFinding], form: str) -> str:
    """As `text` (each starts a line, as compilers write it; empty if there are none), `json` or `sarif`."""
    if form == "sarif":
        return sarif(finding.result for finding in findings)
    if form == "json":
        return json.dumps(list(map(_entry, findings)), indent=2, ensure_ascii=False) + "\n"
    return "\n".join([*map(str, findings), _summary(findings), ""]) if findings else ""


def _entry(finding: CheckFinding) -> dict[str, Any]:
    fields = asdict(finding.diagnostic)
    return {**fields.pop("location"), **fields, "rule": finding.rule, "level": finding.level, "stacks": finding.stacks}


def _summary(findings: list[CheckFinding]) -> str:
    errors = sum(each.rule == STACK_FILE for each in findings)
    mandatory = sum(each.level == "mandatory" for each in findings) - errors
    counts = (
        (errors, "error in the stack files", "errors in the stack files"),
        (mandatory, "violation of mandatory rules", "violations of mandatory rules"),
        (len(findings) - errors - mandatory, "advisory finding", "advisory findings"),
    )
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)
