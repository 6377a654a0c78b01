"""What `check` found, for a person, an editor or a forge."""

import json
from dataclasses import asdict

from review.check import as_results
from review.sarif import sarif
from stacks.faults import Fault


def shown(found: list[Fault], form: str) -> str:
    """The faults as `text` (one begins a line, as compilers write it), `json` or `sarif`. Nothing for none, in text."""
    if form == "sarif":
        return sarif(as_results(found))
    if form == "json":
        return (
            json.dumps(
                [
                    {**asdict(fault.place), "path": fault.path, "message": fault.message, "hint": fault.hint}
                    for fault in found
                ],
                indent=2,
                ensure_ascii=False,
            )
            + "\n"
        )
    if not found:
        return ""
    count = f"{len(found)} mistake{'s' if len(found) > 1 else ''} in the stack files"
    return "\n".join([*map(str, found), count, ""])
