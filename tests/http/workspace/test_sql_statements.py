"""The SQL statement execution API: SELECT on the inference table of an endpoint."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from databricks.sdk.service.sql import StatementParameterListItem as Parameter
from databricks.sdk.service.sql import StatementState

from model_serving.workspace.sql import statements

Build = Callable[..., dict[str, Any]]
API = "/api/2.0/sql/statements"
WAREHOUSE = "0123456789abcdef"
ALL = "SELECT request FROM `main`.`ml`.`fraud_payload`"
PLACE = {"catalog_name": "main", "schema_name": "ml", "enabled": True}


@pytest.fixture
def captured(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    """Three rows in the table of an endpoint with `auto_capture_config`, one of them of a refused request."""
    endpoint(config={"served_entities": [entity()], "auto_capture_config": PLACE})
    bodies: list[dict[str, Any]] = [{"inputs": [1]}, {"inputs": [2], "client_request_id": "a'b"}, {"rows": []}]
    for body in bodies:
        http.post("/serving-endpoints/fraud/invocations", json=body)


@pytest.fixture
def select(http: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Runs a statement on the default warehouse."""

    def run(statement: str, **members: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"statement": statement, "warehouse_id": WAREHOUSE}
        return dict(http.post(API, json=body | members).json())

    return run


@pytest.mark.usefixtures("captured")
def test_official_client_reads_an_inference_table(workspace: Any) -> None:
    answer = workspace.sdk().statement_execution.execute_statement(
        "SELECT request, status_code FROM main.ml.fraud_payload WHERE status_code = :status LIMIT :most",
        WAREHOUSE,
        parameters=[Parameter("status", type="INT", value="200"), Parameter("most", type="INT", value="1")],
    )
    assert answer.status.state is StatementState.SUCCEEDED
    assert [column.type_text for column in answer.manifest.schema.columns] == ["STRING", "INT"]
    assert answer.result.data_array == [['{"inputs": [1]}', "200"]]


@pytest.mark.usefixtures("captured")
def test_a_parameter_is_never_part_of_the_statement(select: Callable[..., dict[str, Any]]) -> None:
    parameters = [{"name": "id", "value": "a'b"}]
    found = select("SELECT request FROM main.ml.fraud_payload WHERE client_request_id = :id", parameters=parameters)
    assert len(found["result"]["data_array"]) == 1


@pytest.mark.usefixtures("captured")
def test_maps_and_nulls_are_encoded_as_documented(select: Callable[..., dict[str, Any]]) -> None:
    (row, *_) = select("SELECT client_request_id, request_metadata FROM main.ml.fraud_payload")["result"]["data_array"]
    assert row[0] is None
    assert json.loads(row[1]) == {"endpoint_name": "fraud", "model_name": "main.ml.fraud", "model_version": "7"}


def test_times_of_the_gateway_are_timestamps(http: httpx.Client, endpoint: Build, select: Build) -> None:
    endpoint(ai_gateway={"inference_table_config": PLACE})
    http.post("/serving-endpoints/fraud/invocations", json={"inputs": [1]})
    statement = "SELECT request_time FROM main.ml.fraud_payload WHERE request_time >= :since"
    for since, rows in (("2026-09-21T00:00:00Z", 1), ("2026-09-22T00:00:00Z", 0)):
        found = select(statement, parameters=[{"name": "since", "type": "TIMESTAMP", "value": since}])
        assert found["manifest"]["total_row_count"] == rows
        assert found["manifest"]["schema"]["columns"][0]["type_name"] == "TIMESTAMP"


@pytest.mark.usefixtures("captured")
def test_a_long_result_has_chunks(http: httpx.Client, select: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "CHUNK_ROWS", 2)
    first = select(ALL)
    assert (first["manifest"]["total_chunk_count"], len(first["result"]["data_array"])) == (2, 2)
    second = http.get(first["result"]["next_chunk_internal_link"]).json()
    assert (second["row_offset"], len(second["data_array"])) == (2, 1)
    assert "next_chunk_index" not in second


@pytest.mark.usefixtures("captured")
def test_a_stopped_warehouse_is_started(workspace: Any, http: httpx.Client, select: Build) -> None:
    http.post("/_workspace/seed", json={"warehouses": {"cold": {"starts_in": 60}}})
    pending = select(ALL, warehouse_id="cold", wait_timeout="30s")
    assert pending["status"] == {"state": "PENDING"}
    assert http.get("/api/2.0/sql/warehouses/cold").json()["state"] == "STARTING"
    workspace.clock.advance(30)
    done = http.get(f"{API}/{pending['statement_id']}").json()
    assert (done["status"]["state"], done["manifest"]["total_row_count"]) == ("SUCCEEDED", 3)


@pytest.mark.usefixtures("captured")
def test_a_waiting_statement_can_be_canceled(http: httpx.Client, select: Build) -> None:
    http.post("/_workspace/seed", json={"warehouses": {"cold": {"starts_in": 60}}})
    waiting = select(ALL, warehouse_id="cold", wait_timeout="0s")["statement_id"]
    http.post(f"{API}/{waiting}/cancel")
    assert http.get(f"{API}/{waiting}").json()["status"]["state"] == "CANCELED"
    canceled = select(ALL, warehouse_id="cold", on_wait_timeout="CANCEL")
    assert canceled["status"]["state"] == "CANCELED"


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize(
    ("statement", "condition", "sql_state"),
    [
        ("SELECT a FROM main.ml.nothing", "[TABLE_OR_VIEW_NOT_FOUND] The table or view `main`.`ml`.`nothing`", "42P01"),
        (
            "DROP TABLE main.ml.fraud_payload",
            "[PARSE_SYNTAX_ERROR] The embedded workspace runs SELECT on tables",
            "42601",
        ),
        (
            "SELECT request FROM main.ml.fraud_payload; SELECT 1",
            "[PARSE_SYNTAX_ERROR] You can only execute one",
            "42601",
        ),
        ("SELECT request FROM main.ml.fraud_payload LIMIT :most", "[PARSE_SYNTAX_ERROR] ", "42601"),
        ("SELECT absent FROM main.ml.fraud_payload", "[PARSE_SYNTAX_ERROR] no such column: absent", "42601"),
    ],
)
def test_a_statement_that_fails_says_why(select: Build, statement: str, condition: str, sql_state: str) -> None:
    status = select(statement)["status"]
    assert (status["state"], status["sql_state"]) == ("FAILED", sql_state)
    assert status["error"]["message"].startswith(condition)


@pytest.mark.usefixtures("captured")
@pytest.mark.parametrize("value", ["many", "9" * 40])
def test_a_parameter_of_another_type_fails(select: Build, value: str) -> None:
    parameters = [{"name": "most", "type": "INT", "value": value}]
    assert select(f"{ALL} LIMIT :most", parameters=parameters)["status"]["state"] == "FAILED"


@pytest.mark.usefixtures("captured")
def test_a_large_result_fails_as_on_the_service(select: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MAX_INLINE_BYTES", 10)
    status = select(ALL)["status"]
    assert status["error"]["message"].startswith("Inline byte limit exceeded. ")


@pytest.mark.usefixtures("captured")
def test_reading_needs_each_privilege_above(workspace: Any, http: httpx.Client) -> None:
    ann = workspace.http(workspace.user("ann@example.com"))
    for privilege, kind, name in (
        ("USE CATALOG", "catalog", "main"),
        ("USE SCHEMA", "schema", "main.ml"),
        ("SELECT", "table", "main.ml.fraud_payload"),
    ):
        answer = ann.post(API, json={"statement": ALL, "warehouse_id": WAREHOUSE}).json()
        reason = f"User does not have {privilege} on {kind.capitalize()} '{name}'."
        assert reason in answer["status"]["error"]["message"]
        grant = {"securable": kind, "name": name, "principal": "ann@example.com"}
        http.post("/_workspace/seed", json={"grants": [grant | {"privileges": [privilege.replace(" ", "_")]}]})
    answer = ann.post(API, json={"statement": ALL, "warehouse_id": WAREHOUSE}).json()
    assert answer["status"]["state"] == "SUCCEEDED"
    other = workspace.http(workspace.user("bob@example.com")).get(f"{API}/{answer['statement_id']}")
    assert other.status_code == 404


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("warehouse_id", "nowhere", "nowhere is not a valid endpoint id."),
        ("wait_timeout", "60s", "wait_timeout must be 0s or between 5s and 50s."),
        ("format", "CSV", "format CSV is not supported by the embedded workspace"),
        ("statement", "", "Missing required field: statement"),
    ],
)
def test_an_invalid_request_is_refused(select: Build, member: str, value: str, reason: str) -> None:
    refused = select(**{"statement": ALL} | {member: value})
    assert (refused["error_code"], refused["message"]) == ("INVALID_PARAMETER_VALUE", reason)
