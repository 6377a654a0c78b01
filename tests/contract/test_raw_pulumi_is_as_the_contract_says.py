"""The witness for the contract's table: a program that declares `databricks.ModelServing` itself.

One run of the real engine and provider makes every edit, each on an endpoint of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from contract import Field, OnChange, fields
from rehearsal.stage import stage
from tests.contract.cases import IN_PLACE, NEVER_FALSE, NOT_IN_PLACE, Case
from tests.contract.fields_stage import declare_raw
from tests.contract.observed import Journal

pytestmark = pytest.mark.engine

UP = ("up", "--yes", "--skip-preview", "--continue-on-error")
ROWS = {row.path: row for row in fields("model_serving")}
CASES = (*IN_PLACE, *NOT_IN_PLACE, NEVER_FALSE)
CHANGED = [case for case in CASES if case.second != case.first and case is not NEVER_FALSE]
REMOVED = [case for case in CASES if case.without is not None]
ADDED = [case for case in REMOVED if ROWS[case.path].on_add]


@dataclass(frozen=True)
class Edit:
    """What came of a step: the writes by endpoint, and what Pulumi said."""

    writes: dict[str, list[str]]
    said: str
    captures: bool

    def outcome(self, case: Case, row: Field) -> OnChange | list[str]:
        """In the contract's words, or the writes where it has none for them."""
        writes = self.writes.get(case.endpoint, [])
        if f"({case.endpoint}):\n    error" in self.said and "panic" in self.said:
            return OnChange.CRASH
        known = {(): OnChange.DROPPED, ("DELETE", "POST"): OnChange.REPLACE, (row.call,): OnChange.UPDATE}
        return known.get(tuple(writes), writes)


@pytest.fixture(scope="module")
def edits(engine: None) -> Iterator[dict[str, Edit]]:  # noqa: ARG001  the engine must be there
    with stage("--ready-after", "0") as here:
        here.pulumi("stack", "init", "local")
        journal, found = Journal(here.workspace), {}
        for step in ("first", "second", "without", "added"):
            wanted = [getattr(case, "first" if step == "added" else step) for case in CASES]
            declare_raw(
                here,
                {
                    case.endpoint: case.second if fields is None else fields
                    for case, fields in zip(CASES, wanted, strict=True)
                },
            )
            said = here.pulumi(*UP, check=False).text
            live = here.workspace.get(f"/api/2.0/serving-endpoints/{NEVER_FALSE.endpoint}")
            found[step] = Edit(journal.news(), said, live["config"]["auto_capture_config"]["enabled"])
        yield found


def ids(cases: list[Case]) -> list[str]:
    return [case.path for case in cases]


@pytest.mark.parametrize("case", CHANGED, ids=ids(CHANGED))
def test_a_change(edits: dict[str, Edit], case: Case) -> None:
    row = ROWS[case.path]
    assert edits["second"].outcome(case, row) == row.on_change


def test_a_config_update_without_the_value_that_was_asked_for(edits: dict[str, Edit]) -> None:
    assert ROWS[NEVER_FALSE.path].on_change is OnChange.DROPPED
    assert edits["second"].writes[NEVER_FALSE.endpoint] == ["PUT config"]
    assert edits["second"].captures


@pytest.mark.parametrize("case", REMOVED, ids=ids(REMOVED))
def test_a_removal(edits: dict[str, Edit], case: Case) -> None:
    row = ROWS[case.path]
    assert edits["without"].outcome(case, row) == (row.on_remove or row.on_change)


@pytest.mark.parametrize("case", ADDED, ids=ids(ADDED))
def test_an_addition(edits: dict[str, Edit], case: Case) -> None:
    row = ROWS[case.path]
    assert edits["added"].outcome(case, row) == row.on_add
