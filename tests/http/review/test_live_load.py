"""The load of endpoints in a review: one read each, and a word where it can't be read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from model_serving.databricks import client
from model_serving.databricks.prices.capacity import Demand
from model_serving.review.plan.live_load import measured_load

LISTING = "/api/2.0/serving-endpoints"
ENTITY = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}


@pytest.fixture
def folder(frozen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "stacks").mkdir()
    declare(tmp_path, frozen.origin)
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    for name in ("busy", "idle"):
        frozen.call(
            "POST", LISTING, {"name": name, "config": {"served_entities": [{**ENTITY, "scale_to_zero_enabled": False}]}}
        )
    frozen.clock.advance(60)
    yield tmp_path
    client._connected.clear()  # noqa: SLF001


def declare(folder: Path, host: str) -> None:
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": {"databricks:host": host}}))


def test_load_of_the_last_minute_is_read(frozen: Any, folder: Path) -> None:
    frozen.call("POST", "/_workspace/models/main.ml.fraud/answers", {"version": "7", "latency": "20ms"})
    with httpx.Client(headers={"Authorization": f"Bearer {frozen.credentials.token}"}) as http:
        for _ in range(6):
            place = f"{frozen.origin}/serving-endpoints/busy/invocations"
            http.post(place, json={"dataframe_records": [{"amount": 1}]}).raise_for_status()
    frozen.clock.advance(60)
    (key, demand), *others = measured_load({"key": "busy", "other": "idle"}, "dev", folder).items()
    assert isinstance(demand, Demand)
    assert (key, others, demand.measured, demand.requests_per_second) == ("key", [], True, 0.1)
    assert demand.milliseconds == pytest.approx(20)


def test_unreadable_endpoint_is_a_word(frozen: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, settings = frozen.principal()
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", settings["clientId"])
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", settings["clientSecret"])
    found = measured_load({"key": "busy"}, "dev", folder)
    assert isinstance(found["key"], str)
    assert "permission" in found["key"].lower()


def test_absent_workspace_is_a_word(folder: Path) -> None:
    declare(folder, "http://127.0.0.1:9")
    found = measured_load({"key": "busy", "other": "idle"}, "dev", folder)
    assert set(found) == {"key", "other"}
    assert all(isinstance(each, str) and "127.0.0.1:9" in each for each in found.values())


def test_nothing_to_measure_connects_to_nothing(tmp_path: Path) -> None:
    assert measured_load({}, "dev", tmp_path) == {}
