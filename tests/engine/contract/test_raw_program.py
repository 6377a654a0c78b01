"""The witness for the contract's table: a program that declares `databricks.ModelServing` itself.

One run of the real engine and provider makes every edit, each on an endpoint of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from model_serving.contract import OnChange, fields
from tests.engine.contract.field_cases import IN_PLACE, NEVER_FALSE, NOT_IN_PLACE, UNSENT, Case
from tests.engine.contract.fields_program import WITHOUT_QUOTA, declare_raw
from tests.engine.contract.journal import Journal
from tests.support.sandbox import Outcome, Sandbox
from tests.support.snapshots import Snapshots

UP = ("up", "--yes", "--skip-preview")
ROWS = {row.path: row for row in fields("model_serving")}
CASES = (*IN_PLACE, *NOT_IN_PLACE, NEVER_FALSE, UNSENT)
CHANGED = [case for case in CASES if case.second != case.first and case is not NEVER_FALSE]
CRASHING = next(case for case in CASES if ROWS[case.path].on_remove is OnChange.CRASH)
REMOVED = [case for case in CASES if case.without is not None and case is not CRASHING]
ADDED = [case for case in REMOVED if ROWS[case.path].on_add]


@dataclass(frozen=True)
class Edit:
    """What came of a step: the writes by endpoint, what Pulumi said, and whether NEVER_FALSE is still true."""

    writes: dict[str, list[str]]
    said: Outcome
    captures: bool

    def outcome(self, case: Case) -> OnChange | list[str]:
        """In the contract's words, or the writes where it has none for them."""
        writes, call = self.writes.get(case.endpoint, []), ROWS[case.path].call
        known = {(): OnChange.DROPPED, ("DELETE", "POST"): OnChange.REPLACE, (call,): OnChange.UPDATE}
        return known.get(tuple(writes), writes)


@pytest.fixture(scope="module")
def edits(snapshots: Snapshots) -> dict[str, Edit]:
    """`first`, `second` twice, `without`, and `added`, which is `first`; at last `crash`, which ends the run."""
    return snapshots.result("fields-of-raw-endpoints", lambda: every_edit(snapshots))


def every_edit(snapshots: Snapshots) -> dict[str, Edit]:
    with snapshots.initialized(*WITHOUT_QUOTA) as sandbox:
        journal = Journal(sandbox.workspace)
        steps = ("first", "second", "again", "without", "added", "crash")
        return {step: _edit(sandbox, journal, step) for step in steps}


def _edit(sandbox: Sandbox, journal: Journal, step: str) -> Edit:
    declare_raw(sandbox, {case.endpoint: _fields_at(case, step) for case in CASES})
    said = sandbox.pulumi(*UP, check=step != "crash")
    live = sandbox.workspace.get(f"/api/2.0/serving-endpoints/{NEVER_FALSE.endpoint}")
    return Edit(journal.new_calls(), said, live["config"]["auto_capture_config"]["enabled"])


def _fields_at(case: Case, step: str) -> Mapping[str, Any]:
    if case is CRASHING and step == "crash":
        return {}
    if step in ("second", "again") or (step == "without" and (case.without is None or case is CRASHING)):
        return case.second
    return case.without or {} if step == "without" else case.first


def ids(cases: list[Case]) -> list[str]:
    return [case.path for case in cases]


@pytest.mark.parametrize("case", CHANGED, ids=ids(CHANGED))
def test_changed_field_gives_contract_outcome(edits: dict[str, Edit], case: Case) -> None:
    assert edits["second"].outcome(case) == ROWS[case.path].on_change


def test_second_run_writes_only_unread_fields(edits: dict[str, Edit]) -> None:
    repeated = {case.endpoint: ["PUT config"] for case in CASES if ROWS[case.path].repeats}
    assert edits["again"].writes == repeated


def test_config_update_can_drop_the_value(edits: dict[str, Edit]) -> None:
    assert ROWS[NEVER_FALSE.path].on_change is OnChange.DROPPED
    assert edits["second"].writes[NEVER_FALSE.endpoint] == ["PUT config"]
    assert edits["second"].captures


@pytest.mark.parametrize("case", REMOVED, ids=ids(REMOVED))
def test_removed_field_gives_contract_outcome(edits: dict[str, Edit], case: Case) -> None:
    row = ROWS[case.path]
    assert edits["without"].outcome(case) == (row.on_remove or row.on_change)


@pytest.mark.parametrize("case", ADDED, ids=ids(ADDED))
def test_added_field_gives_contract_outcome(edits: dict[str, Edit], case: Case) -> None:
    assert edits["added"].outcome(case) == ROWS[case.path].on_add


def test_removed_gateway_makes_the_provider_panic(edits: dict[str, Edit]) -> None:
    crash = edits["crash"]
    assert crash.said.refused, crash.said.text
    assert "nil pointer dereference" in crash.said.text
    assert CRASHING.endpoint not in crash.writes
