"""Seeds."""

from typing import Any

import httpx
import pytest

from model_serving.workspace.admin.bootstrap import bootstrap
from model_serving.workspace.admin.seed import SeedError, apply_seed
from model_serving.workspace.store.clock import FakeClock
from model_serving.workspace.store.database import Store


def test_seed_replaces_the_default() -> None:
    store = Store(":memory:")
    bootstrap(store, FakeClock(), {"models": {"dev.risk.score": {"versions": 2, "aliases": {"Best": 1}}}})
    assert [model["full_name"] for model in store.all("model")] == ["dev.risk.score"]
    assert store.all("secret") == []
    store.close()


def contents(store: Store) -> list[tuple[str, ...]]:
    return store.connection.execute("SELECT kind, key, body FROM records ORDER BY sequence").fetchall()


def test_seeding_twice_changes_nothing(workspace: Any) -> None:
    seed = {"users": [{"user_name": "ann@example.com", "groups": ["risk"]}], "models": {"a.b.c": {"versions": 1}}}
    apply_seed(workspace.store, workspace.clock, seed)
    before = contents(workspace.store)
    apply_seed(workspace.store, workspace.clock, seed)
    assert contents(workspace.store) == before


def test_seeded_grants_count(workspace: Any, http: httpx.Client) -> None:
    grant = {"securable": "catalog", "name": "main", "principal": "users", "privileges": ["ALL_PRIVILEGES"]}
    assert http.post("/_workspace/seed", json={"grants": [grant]}).status_code == 200
    ann = workspace.http(workspace.user("ann@example.com"))
    assert ann.get("/api/2.1/unity-catalog/models/main.ml.fraud").status_code == 200


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"model": {}}, "Unknown part 'model' in the seed"),
        ({"models": {"fraud": {}}}, "does not have the expected shape"),
        ({"users": [{"user_name": "no mail"}]}, "does not have the expected shape"),
    ],
)
def test_invalid_seed_adds_nothing(workspace: Any, seed: dict[str, Any], message: str) -> None:
    before = contents(workspace.store)
    with pytest.raises(SeedError, match=message):
        apply_seed(workspace.store, workspace.clock, seed)
    assert contents(workspace.store) == before
