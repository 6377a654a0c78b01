"""Who called an endpoint since a time: by its tables over SQL, and by its metrics."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_serving.databricks.client import Workspace
from model_serving.databricks.usage.read import requests_since
from model_serving.databricks.usage.sentences import coverage, requesters_text, requests_text
from model_serving.databricks.usage.usage import Usage

PLACE = {"catalog_name": "main", "schema_name": "ml", "enabled": True}
CAPTURED = {"config": {"auto_capture_config": PLACE}}
GATEWAY = {"ai_gateway": {"inference_table_config": PLACE}}
TRACKED = {"ai_gateway": {"usage_tracking_config": {"enabled": True}}}
BOTH = {"ai_gateway": GATEWAY["ai_gateway"] | TRACKED["ai_gateway"]}
WAREHOUSE = "0123456789abcdef"
ADMIN = "admin@example.com"
NAME = "fraud-scorer"


class Endpoint:
    """An endpoint of the workspace, and its clients."""

    def __init__(self, frozen: Any, members: dict[str, Any]) -> None:
        entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
        config = {"served_entities": [entity]} | members.get("config", {})
        frozen.call("POST", "/api/2.0/serving-endpoints", {"name": NAME, **members, "config": config})
        frozen.clock.advance(60)
        self.frozen = frozen

    def ask(self, times: int, caller: str | None = None) -> None:
        body = {"inputs": [1]} | ({"client_request_id": caller} if caller else {})
        for _ in range(times):
            self.frozen.call("POST", f"/serving-endpoints/{NAME}/invocations", body)

    def ask_as_principal(self) -> str:
        """The application id of a caller that has asked once."""
        application, settings = self.frozen.principal()
        entry = {"service_principal_name": application, "permission_level": "CAN_QUERY"}
        place = f"/api/2.0/permissions/serving-endpoints/{self.live()['id']}"
        self.frozen.call("PATCH", place, {"access_control_list": [entry]})
        Workspace(settings).call("POST", f"/serving-endpoints/{NAME}/invocations", {"inputs": [1]})
        return str(application)

    def live(self) -> dict[str, Any]:
        return dict(self.frozen.call("GET", f"/api/2.0/serving-endpoints/{NAME}"))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.frozen.clock.now(), UTC)

    def usage(self, *, ago: float = 3600, warehouse: str = WAREHOUSE, **settings: Any) -> Usage:
        workspace = Workspace(settings or self.frozen.settings())
        return requests_since(workspace, self.live(), self.now() - timedelta(seconds=ago), warehouse)


@pytest.mark.parametrize("members", [GATEWAY, TRACKED, BOTH], ids=["gateway", "usage tracking", "both"])
def test_requests_are_counted_by_requester(frozen: Any, members: dict[str, Any]) -> None:
    endpoint = Endpoint(frozen, members)
    endpoint.ask(3)
    caller = endpoint.ask_as_principal()
    usage = endpoint.usage()
    assert (usage.requests, usage.last, usage.is_quiet) == (4, endpoint.now(), False)
    assert [(each.name, each.requests) for each in usage.requesters] == [(ADMIN, 3), (caller, 1)]
    assert requesters_text(usage) == f"from {ADMIN} (3), {caller} (1)"
    assert requests_text(usage).startswith("4 requests since 2026-09-21 ")


def test_auto_capture_does_not_say_who(frozen: Any) -> None:
    endpoint = Endpoint(frozen, CAPTURED)
    endpoint.ask(2)
    usage = endpoint.usage()
    assert [(each.name, each.requests) for each in usage.requesters] == [("", 2)]
    assert usage.last == endpoint.now()
    assert requesters_text(usage) == ""


@pytest.mark.parametrize("members", [CAPTURED, GATEWAY, TRACKED], ids=["captured", "gateway", "usage tracking"])
def test_requests_before_the_time_do_not_count(frozen: Any, members: dict[str, Any]) -> None:
    endpoint = Endpoint(frozen, members)
    endpoint.ask(2)
    frozen.clock.advance(600)
    usage = endpoint.usage(ago=300)
    assert (usage.is_quiet, usage.has_table, usage.requesters) == (True, True, ())
    endpoint.ask(1)
    assert endpoint.usage(ago=300).requests == 1


def test_usage_of_another_endpoint_of_the_name_is_left_out(frozen: Any) -> None:
    endpoint = Endpoint(frozen, TRACKED)
    endpoint.ask(2)
    frozen.call("DELETE", f"/api/2.0/serving-endpoints/{NAME}")
    again = Endpoint(frozen, TRACKED)
    assert again.usage().is_quiet


def test_the_last_full_minute_is_read_without_tables(frozen: Any) -> None:
    endpoint = Endpoint(frozen, {})
    endpoint.ask(2)
    assert endpoint.usage().is_quiet  # this minute is not over
    frozen.clock.advance(60)
    usage = endpoint.usage()
    assert (usage.requests, usage.has_table, usage.has_any) == (2, False, True)
    minute, none = coverage(usage)
    assert minute.endswith(": 2 requests.")
    assert none.startswith("The endpoint has neither an inference table nor usage tracking")
    frozen.clock.advance(60)
    assert endpoint.usage().is_quiet


def test_an_unknown_endpoint_is_not_quiet(frozen: Any) -> None:
    endpoint = Endpoint(frozen, TRACKED)
    live = endpoint.live() | {"id": "f" * 32}
    usage = requests_since(Workspace(frozen.settings()), live, endpoint.now(), WAREHOUSE)
    assert not usage.has_table
    assert "served_entities does not know the endpoint" in usage.readings[0].problem


@pytest.mark.parametrize(
    ("warehouse", "problem"),
    [
        ("", "To read main.ml.fraud-scorer_payload, name a SQL warehouse: set DATABRICKS_WAREHOUSE_ID"),
        ("nowhere", 'The workspace has no SQL warehouse "nowhere". Find its id: databricks warehouses list'),
    ],
)
def test_a_table_that_is_not_read_says_why(frozen: Any, warehouse: str, problem: str) -> None:
    endpoint = Endpoint(frozen, GATEWAY)
    endpoint.ask(1)
    usage = endpoint.usage(warehouse=warehouse)
    assert (usage.readings[0].problem, usage.has_table) == (problem, False)
    assert next(coverage(usage)) == f"{problem}."


def test_a_table_of_others_names_the_missing_grant(frozen: Any) -> None:
    endpoint = Endpoint(frozen, GATEWAY)
    endpoint.ask(1)
    _, settings = frozen.principal()
    usage = endpoint.usage(**settings)
    assert "GRANT USE CATALOG ON CATALOG main TO `<you>`" in usage.readings[0].problem
    assert "metrics can't be read" in usage.readings[1].problem
    assert not usage.has_any


def test_coverage_names_the_delay_of_each_source(frozen: Any) -> None:
    endpoint = Endpoint(frozen, BOTH)
    endpoint.ask(1)
    table, tracked, minute = coverage(endpoint.usage())
    assert "Databricks delivers requests within an hour" in table
    assert "Databricks updates system tables throughout the day" in tracked
    assert minute.startswith("The metrics have the last full minute, until 2026-09-21 ")


def test_a_cold_warehouse_is_waited_for_within_a_bound(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_serving.databricks.sql_statements._PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("model_serving.databricks.sql_statements._WAIT_SECONDS", 5)
    frozen.call("POST", "/_workspace/seed", {"warehouses": {"cold": {"starts_in": 3600}}})
    endpoint, seen = Endpoint(frozen, GATEWAY), []
    workspace, live = Workspace(frozen.settings()), endpoint.live()
    usage = requests_since(
        workspace, live, endpoint.now(), "cold", timeout=0.05, waiting=lambda state, _: seen.append(state)
    )
    assert "is PENDING after " in usage.readings[0].problem
    assert not usage.has_table


def test_the_tables_need_no_request_to_be_read(frozen: Any) -> None:
    usage = Endpoint(frozen, TRACKED).usage()
    assert (usage.has_table, usage.is_quiet) == (True, True)
