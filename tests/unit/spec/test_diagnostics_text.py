"""The errors in the stack files survive the engine, which carries them as text."""

import pytest

from model_serving.spec.diagnostics import Diagnostic, Location, SpecError, read_diagnostics

WITH_HINT = Diagnostic(
    Location("stacks/base.yaml", 14, 7), "endpoints.a.traffic", "sums to 101, must be 100", "Change it"
)
BARE = Diagnostic(Location("stacks/Pulumi.prod.yaml", 2, 1), "", "not a map: found a list")


@pytest.mark.parametrize("found", [[WITH_HINT], [BARE], [BARE, WITH_HINT]], ids=["hint", "bare", "both"])
def test_written_errors_are_read_again(found: list[Diagnostic]) -> None:
    assert read_diagnostics(str(SpecError(found))) == sorted(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the workspace does not answer",
        "the workspace does not answer\n  stacks/base.yaml:1:1 endpoints: is this",
        f"{SpecError([BARE])}\nand something else",
    ],
)
def test_nothing_of_another_text_is_lost(text: str) -> None:
    assert read_diagnostics(text) == []
