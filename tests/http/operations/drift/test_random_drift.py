"""Random changes by hand: a comparison finds exactly those, and no others."""

import os
from random import Random
from typing import Any

import pytest

from model_serving.databricks.client import connect
from model_serving.operations.drift.reads import Reader
from model_serving.operations.drift.report import Condition, FieldDrift
from model_serving.operations.drift.sources import Source
from model_serving.operations.drift.workspace import Comparison
from model_serving.spec import Stack
from tests.http.conftest import FrozenWorkspace
from tests.http.operations.drift.hands import ALIAS, ANY_ID, SEED, STACK, Hands, connection, expected
from tests.support.declared_workspace import deploy

ROUNDS = int(os.environ.get("DRIFT_ROUNDS", "500"))
SEEDS = range(4)
Found = dict[str, tuple[Condition, dict[Any, Any]]]


@pytest.mark.parametrize("seed", SEEDS)
def test_exactly_the_random_changes_are_found(frozen: FrozenWorkspace, seed: int) -> None:
    spec = Stack.model_validate(STACK)
    with connection(frozen) as call:
        call("POST", "/_workspace/seed", SEED)
        state = deploy(call, "dev", spec, {ALIAS: "7"}, lambda: frozen.clock.advance(60))
        source = Source("dev", frozen.settings(), spec, state)
        workspace, hands = connect(frozen.settings()), Hands(call, frozen.clock.advance, Random(seed))  # noqa: S311
        assert found_in(workspace, source) == {}
        for number in range(ROUNDS // len(SEEDS)):
            done = [hands.change() for _ in range(hands.random.randint(1, 3))]
            wrong = differences(found_in(workspace, source), expected(hands))
            assert wrong == {}, f"round {number} of seed {seed}, after {done}"


def found_in(workspace: Any, source: Source) -> Found:
    """The class and the drifted fields of each endpoint that is not as declared."""
    report = Comparison(Reader(workspace), [source], list, whole=True).run()
    assert (report.unread, report.orphans) == ((), ())
    return {
        each.name: (each.condition, {field.path: _values(field) for field in each.fields})
        for each in report.resources
        if each.condition is not Condition.AS_DECLARED
    }


def differences(found: Found, wanted: Found) -> dict[str, Any]:
    """What was found and is wrong, and what was not found, by endpoint."""
    nothing: tuple[Condition, dict[Any, Any]] = (Condition.AS_DECLARED, {})
    wrong = {}
    for name in {*found, *wanted}:
        (one, fields), (other, others) = found.get(name, nothing), wanted.get(name, nothing)
        paths = [path for path in {*fields, *others} if fields.get(path) != others.get(path)]
        if paths or one != other:
            wrong[name] = (one, other, {path: (fields.get(path), others.get(path)) for path in paths})
    return wrong


def _values(field: FieldDrift) -> Any:
    """An id is any id."""
    return ANY_ID if field.path == ("id",) else (field.declared, field.live)
