"""Writes what is generated from the rules: a part of docs/policies.md and the JSON schema of the configuration.

Run `python -m model_serving.policies.pack.reference_docs`. A test fails while either is out of date.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from model_serving.databricks.limits import LIMITS
from model_serving.policies.pack.configuration import schema
from model_serving.policies.pack.rule import Rule
from model_serving.policies.rules import RULES

_PROJECT = Path(__file__).resolve().parent.parent.parent
SCHEMA = _PROJECT / "policies" / "config.schema.json"
PAGE = _PROJECT / "docs" / "policies.md"
_BEGIN, _END = "<!-- rules: begin -->", "<!-- rules: end -->"
_LIMITS_BEGIN, _LIMITS_END = "<!-- limits: begin -->", "<!-- limits: end -->"


def page(text: str, rules: Iterable[Rule]) -> str:
    """The page with its generated parts updated."""
    rules = tuple(rules)
    sections = "\n\n".join(section(rule) for rule in rules)
    text = _replaced(text, _BEGIN, f"{table(rules)}\n\n{sections}", _END)
    return _replaced(text, _LIMITS_BEGIN, limits(), _LIMITS_END)


def _replaced(text: str, begin: str, generated: str, end: str) -> str:
    head, _, rest = text.partition(begin)
    return f"{head}{begin}\n{generated}\n{end}{rest.partition(end)[2]}"


def limits() -> str:
    """One line for each limit of Databricks, with its source."""
    rows = [
        f"| {each.of} | {each.scope} | {each.value}{', raised on request' if each.is_raised else ''} "
        f"| {each.source} | {each.known} |"
        for each in LIMITS
    ]
    return "\n".join(["| number of | of | at most | source | known since |", "| --- | --- | --- | --- | --- |", *rows])


def table(rules: Iterable[Rule]) -> str:
    """One line for each rule: its name, its level and what it requires."""
    rows = [f"| [`{rule.name}`](#{rule.name}) | {rule.level} | {rule.description} |" for rule in rules]
    return "\n".join(["| rule | level | what it requires |", "| --- | --- | --- |", *rows])


def section(rule: Rule) -> str:
    """The rule's section: what it requires and why, what passes, what fails, its settings."""
    return "\n".join(_section_lines(rule))


def _section_lines(rule: Rule) -> Iterator[str]:
    yield f"### `{rule.name}`\n\n{rule.description} {rule.why}\n"
    yield f"- **Passes:** {rule.passes}"
    yield f"- **Fails:** {rule.fails}"
    for key, setting in rule.settings.items():
        yield f"- **Setting** `{key}`, by default {_default(setting)}: {setting['description']}."
    if not rule.waivable:
        yield "- **Can't be waived.**"


def _default(setting: Mapping[str, Any]) -> str:
    if "default" in setting:
        return f"`{json.dumps(setting['default'])}`"
    return f"those of [`{setting['default_of']}`](#production)"


def write() -> None:
    """Write both files."""
    SCHEMA.write_text(json.dumps(schema(RULES), indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), RULES), encoding="utf-8")


if __name__ == "__main__":
    write()
