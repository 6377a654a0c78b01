"""Every field of a stack file: created with it, changed, removed; and nothing is lost.

One run of the real engine tries all fields at once, each on an endpoint of its own.
"""

import pytest

from model_serving.contract import Field, Handling, fields
from tests.engine.contract.field_cases import IN_PLACE, NEVER_FALSE, NOT_IN_PLACE, UNSENT, Case
from tests.engine.contract.fields_program import WITHOUT_QUOTA, declare
from tests.engine.contract.journal import Journal
from tests.support.snapshots import Snapshots

Seen = dict[str, dict[str, list[str]]]

UP = ("up", "--yes", "--skip-preview")
ROWS = {row.path: row for row in fields("model_serving")}
REMOVABLE = [case for case in IN_PLACE if case.without is not None]


@pytest.fixture(scope="module")
def seen(snapshots: Snapshots) -> Seen:
    """What the workspace saw of each step, by endpoint."""
    return snapshots.result("fields-of-components", lambda: every_step(snapshots))


def every_step(snapshots: Snapshots) -> Seen:
    with snapshots.initialized(*WITHOUT_QUOTA) as sandbox:
        journal, calls = Journal(sandbox.workspace), {}
        for step in ("first", "second", "without"):
            wanted = {case.endpoint: getattr(case, step) for case in (*IN_PLACE, UNSENT)}
            declare(sandbox, {name: fields for name, fields in wanted.items() if fields is not None})
            sandbox.pulumi(*UP)
            calls[step] = journal.new_calls()
            sandbox.pulumi(*UP, "--refresh", "--expect-no-changes")
            calls[f"{step}, again"] = journal.new_calls()
    return calls


def ids(cases: tuple[Case, ...] | list[Case]) -> list[str]:
    return [case.path for case in cases]


def needed(row: Field) -> list[str]:
    assert row.call, f"{row.path} has a call that writes it"
    return [row.call]


@pytest.mark.parametrize("case", IN_PLACE, ids=ids(IN_PLACE))
def test_creation_sends_every_field(seen: Seen, case: Case) -> None:
    row = ROWS[case.path]
    assert seen["first"].get(case.endpoint) == ["POST", *(needed(row) if row.handling is Handling.SETTINGS else [])]


@pytest.mark.parametrize("case", IN_PLACE, ids=ids(IN_PLACE))
def test_changed_field_makes_one_call(seen: Seen, case: Case) -> None:
    assert seen["second"].get(case.endpoint) == needed(ROWS[case.path])


@pytest.mark.parametrize("case", REMOVABLE, ids=ids(REMOVABLE))
def test_removed_field_makes_one_call(seen: Seen, case: Case) -> None:
    assert seen["without"].get(case.endpoint) == needed(ROWS[case.path])


def test_unread_default_is_never_sent(seen: Seen) -> None:
    assert ROWS[UNSENT.path].handling is Handling.UNSENT
    assert [seen[step].get(UNSENT.endpoint) for step in ("first", "second", "without")] == [["POST"], None, None]


@pytest.mark.parametrize("step", ["first", "second", "without"])
def test_refresh_and_second_up_write_nothing(seen: Seen, step: str) -> None:
    assert seen[f"{step}, again"] == {}


def test_immutable_fields_are_refused_without_writes(snapshots: Snapshots) -> None:
    with snapshots.initialized(*WITHOUT_QUOTA) as sandbox:
        standing = {case.endpoint: case.first for case in NOT_IN_PLACE}
        declare(sandbox, standing)
        sandbox.pulumi(*UP)
        before, tried, refused_paths = sandbox.workspace.writes(), [], []
        for case in NOT_IN_PLACE:
            for edited in (case.second, case.without):
                if edited not in (None, case.first):
                    tried.append(case.path)
                    declare(sandbox, standing | {case.endpoint: edited})
                    refused = sandbox.pulumi("preview", check=False)
                    refused_paths += (
                        [case.path] if f'ndpoint "{case.endpoint}"' in refused.text and refused.status else []
                    )
        assert refused_paths == tried
        assert sandbox.workspace.writes() == before


def test_every_field_has_a_case() -> None:
    rows = {path for path, row in ROWS.items() if row.handling is not Handling.ABSENT}
    # Tried by their members, and the name by the policies' and guards' own tests.
    whole = {"config", "config.servedEntities.*", "config.servedEntities.*.externalModel", "name"}
    assert {case.path for case in (*IN_PLACE, *NOT_IN_PLACE, NEVER_FALSE, UNSENT)} == rows - whole
