"""Write what is generated from the rules: the table in docs/policies.md and the JSON schema of the configuration.

`python -m policies.pack.document`; a test says when it is due.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from policies.pack.configuration import schema
from policies.pack.rule import Rule
from policies.rules import RULES

_PROJECT = Path(__file__).resolve().parent.parent.parent
SCHEMA = _PROJECT / "policies" / "config.schema.json"
PAGE = _PROJECT / "docs" / "policies.md"
_BEGIN, _END = "<!-- rules: begin -->", "<!-- rules: end -->"


def table(rules: Iterable[Rule]) -> str:
    """Each rule with what passes, what fails, why it exists, its level and its settings."""
    lines = ["| rule | passes | fails | why | level | settings | waivable |", "| --- " * 7 + "|"]
    lines += [
        f"| `{rule.name}` | {rule.passes} | {rule.fails} | {rule.why} | {rule.level} | {_settings(rule)} "
        f"| {'yes' if rule.waivable else 'no'} |"
        for rule in rules
    ]
    return "\n".join(lines)


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
    SCHEMA.write_text(json.dumps(schema(RULES), indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), RULES), encoding="utf-8")


if __name__ == "__main__":
    write()
