"""Findings at their lines of the stack files, as SARIF 2.1.0, which forges and editors show beside the line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True)
class Result:
    """One finding at a place. `level` is error, warning or note."""

    rule: str
    level: str
    message: str
    file: str
    line: int = 1
    column: int = 1
    description: str = ""


def sarif(results: Iterable[Result]) -> str:
    """A log with one run, its results sorted by place."""
    ordered = sorted(set(results), key=lambda each: (each.file, each.line, each.column, each.rule, each.message))
    rules = {each.rule: each.description for each in ordered}
    run = {
        "tool": {
            "driver": {"name": "model-serving-review", "rules": [_rule(rule, rules[rule]) for rule in sorted(rules)]}
        },
        "results": [_result(each) for each in ordered],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: str, description: str) -> dict[str, Any]:
    return {"id": rule, "shortDescription": {"text": description or rule}}


def _result(each: Result) -> dict[str, Any]:
    region = {"startLine": each.line, "startColumn": each.column}
    location = {"physicalLocation": {"artifactLocation": {"uri": each.file}, "region": region}}
    return {"ruleId": each.rule, "level": each.level, "message": {"text": each.message}, "locations": [location]}
