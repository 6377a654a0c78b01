"""Transactions, records, counters and migrations of the database."""

from pathlib import Path

import pytest

from model_serving.workspace.store.database import Store


def test_failed_transaction_writes_nothing() -> None:
    store = Store(":memory:")

    def fail_half_way() -> None:
        with store.atomic():
            store.put("thing", "a", {"n": 1})
            raise InterruptedError

    with pytest.raises(InterruptedError), store.atomic():
        fail_half_way()
    assert store.all("thing") == []
    store.close()


def test_updated_record_keeps_its_position() -> None:
    store = Store(":memory:")
    for key in ("a", "b"):
        store.put("thing", key, {"id": key})
    store.put("thing", "a", {"id": "a", "changed": True})
    assert [record["id"] for record in store.all("thing")] == ["a", "b"]
    assert store.find("thing", "id", "a") == {"id": "a", "changed": True}
    store.close()


def test_counter_starts_at_given_number() -> None:
    store = Store(":memory:")
    assert store.counter("n") == 0
    assert [store.count("n", start=5) for _ in range(3)] == [5, 6, 7]
    assert store.counter("n") == 7
    store.close()


def test_reopened_database_keeps_everything(tmp_path: Path) -> None:
    file = tmp_path / "new" / "workspace.db"
    store = Store(file)
    store.put("thing", "a", {"n": 1})
    store.close()
    again = Store(file)
    assert again.get("thing", "a") == {"n": 1}
    assert file.stat().st_mode & 0o077 == 0
    again.close()
