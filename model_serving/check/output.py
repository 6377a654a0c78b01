"""What `check` found, for a person, an editor or a forge."""

import json
from dataclasses import asdict
from typing import Any

from model_serving.check.check import STACK_FILE, Found, as_results
from model_serving.sarif import sarif


def shown(found: list[Found], form: str) -> str:
    """As `text` (one begins a line, as compilers write it; nothing for none), `json` or `sarif`."""
    if form == "sarif":
        return sarif(as_results(found))
    if form == "json":
        return json.dumps([_entry(each) for each in found], indent=2, ensure_ascii=False) + "\n"
    return "\n".join([*map(str, found), _counted(found), ""]) if found else ""


def _entry(each: Found) -> dict[str, Any]:
    fault = each.fault
    told = {"path": fault.path, "message": fault.message, "hint": fault.hint, "rule": each.rule, "level": each.level}
    return {**asdict(fault.location), **told, "stacks": each.stacks}


def _counted(found: list[Found]) -> str:
    mistakes = sum(each.rule == STACK_FILE for each in found)
    refused = sum(each.level == "mandatory" for each in found) - mistakes
    told = len(found) - mistakes - refused
    counts = (
        (mistakes, "mistake in the stack files", "mistakes in the stack files"),
        (refused, "violation of mandatory rules", "violations of mandatory rules"),
        (told, "advice", "pieces of advice"),
    )
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)
