"""Why an `up` failed, in one line: without what the engine and the provider write around it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_NOISE: Final = re.compile(
    r"(?:(?:updating|creating|deleting|reading) urn:\S+: )?\d+ errors? occurred:"
    r"|expected resource operations for urn:\S+ but none were seen"  # what a plan held after the resource that failed
    r"|update failed"
)
_AROUND: Final = re.compile(r"^(?:sdk-v2/provider2\.go:\d+: sdk\.helper_schema: )?(.*?)(?:: provider=\S+@[\w.]+)?$")
"""What Terraform's SDK logs an error with. Source: engine output of Pulumi 3.220 with databricks provider 1.104."""


def failure_reason(errors: Iterable[str]) -> str:
    """The lines of the errors, each once; empty without errors."""
    texts = [*errors]
    return "; ".join(dict.fromkeys(_lines(texts))) or "; ".join(" ".join(each.split()) for each in texts)


def _lines(errors: Iterable[str]) -> Iterator[str]:
    for error in errors:
        for line in error.splitlines():
            text = line.strip().removeprefix("* ").strip()
            match = _AROUND.match(text)
            if match and match[1] and not _NOISE.fullmatch(text):
                yield match[1]
