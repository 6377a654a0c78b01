"""What differs between an approved plan and the one of now, where the sections of the approved one are known."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_serving.errors import UsageError
from model_serving.review.assess.digest import Covered, differing
from model_serving.review.assess.report import Report


def differences(approved: Path | None, reviewed: str, now: Report) -> tuple[str, ...]:
    """A sentence for each section that differs; none where the file is missing, or is about another digest.

    `approved` is what `ci approved-digest --output` wrote, or a review's report in JSON. Raises UsageError for another
    file.
    """
    if approved is None or not approved.exists():
        return ()
    try:
        document = json.loads(approved.read_text(encoding="utf-8"))
        records = [each for each in document.get("stacks", [document]) if each["digest"] == reviewed]
        covers = [_covered(each) for each in records if each["stack"] == now.stack]
    except (ValueError, KeyError, TypeError, AttributeError):
        hint = "Give the file of `ci approved-digest --output` or of `review --output FILE.json`"
        raise UsageError(f"{approved} is no approved report. {hint}") from None
    return tuple(differing(covers[0], now.covered)) if covers else ()


def _covered(record: Mapping[str, Any]) -> Covered:
    covers = record.get("covered", record)
    return Covered(dict(covers["sections"]), dict(covers.get("files", {})))
