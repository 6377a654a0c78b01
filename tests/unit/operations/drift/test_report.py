"""The exit status of a drift, and what counts as drift."""

import pytest

from model_serving.operations.drift.report import (
    Condition,
    DriftReport,
    FieldDrift,
    Kind,
    Orphan,
    OrphanKind,
    ResourceDrift,
    WorkspaceDrift,
)


def report(*conditions: Condition, orphans: tuple[Orphan, ...] = (), unread: tuple[str, ...] = ()) -> DriftReport:
    resources = tuple(ResourceDrift(Kind.ENDPOINT, each.value, each) for each in conditions)
    return DriftReport((WorkspaceDrift("https://here", ("dev",), resources, orphans, unread),), 0.0)


LEFT = Orphan(OrphanKind.OAUTH_SECRET, "dev", "checkout", "4711", "the state doesn't have it")


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (report(), 0),
        (report(Condition.AS_DECLARED, Condition.UPDATING), 0),
        (report(Condition.AS_DECLARED, Condition.NOT_READABLE), 1),
        (report(Condition.AS_DECLARED, unread=("The secrets of checkout can't be read",)), 1),
        (report(Condition.NOT_READABLE, Condition.DRIFTED), 2),
        (report(Condition.AS_DECLARED, orphans=(LEFT,)), 2),
        *((report(each), 2) for each in Condition if each.is_drift),
    ],
)
def test_exit_status_says_clean_unread_drift(found: DriftReport, status: int) -> None:
    assert found.exit_status == status


def test_an_unreadable_resource_is_never_clean() -> None:
    found = report(Condition.NOT_READABLE)
    assert ([*found.drifted], [each.name for each in found.unread]) == ([], ["not_readable"])


def test_another_id_is_a_recreated_endpoint() -> None:
    field = FieldDrift(("id",), "a" * 32, "b" * 32)
    made = ResourceDrift(Kind.ENDPOINT, "fraud", Condition.DRIFTED, fields=(field,))
    assert made.is_recreated
    assert FieldDrift(("served_entities", "one", "version"), "7", "8").name == "served_entities.one.version"
