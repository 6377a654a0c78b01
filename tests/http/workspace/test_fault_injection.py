"""Injected faults."""

import httpx
import pytest

from tests.http.workspace.conftest import Workspace

URL = "/api/2.0/serving-endpoints"
FAULTS = "/_workspace/faults"


def statuses(http: httpx.Client, times: int) -> list[int]:
    return [http.get(URL).status_code for _ in range(times)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [500, 200, 200]),
        ({"status": 429, "times": 2}, [429, 429, 200]),
        ({"times": -1}, [500, 500, 500]),
        ({"skip": 1}, [200, 500, 200]),
        ({"delay_seconds": 0.001}, [200, 200, 200]),
    ],
    ids=["once", "twice", "until deleted", "skipping one", "late only"],
)
def test_fault_applies_given_times(http: httpx.Client, rule: dict[str, float], expected: list[int]) -> None:
    http.post(FAULTS, json={"pattern": "GET /api/2.0/serving-endpoints*"} | rule)
    assert statuses(http, 3) == expected


def test_fault_has_api_error_format(http: httpx.Client) -> None:
    rule = {"pattern": "GET /api/*", "status": 409, "error_code": "RESOURCE_CONFLICT", "message": "On purpose"}
    http.post(FAULTS, json=rule)
    hit = http.get(URL)
    body = hit.json()
    assert (hit.status_code, body["error_code"], body["message"]) == (
        409,
        "RESOURCE_CONFLICT",
        "On purpose",
    )


def test_fault_after_handler_loses_response(http: httpx.Client) -> None:
    http.post(FAULTS, json={"pattern": f"POST {URL}", "after_handler": True})
    assert http.post(URL, json={"name": "fraud"}).status_code == 500
    assert http.get(f"{URL}/fraud").status_code == 200


def test_delayed_response_loss_follows_effect(http: httpx.Client, workspace: Workspace) -> None:
    began = workspace.clock.now()
    http.post(FAULTS, json={"pattern": f"POST {URL}", "after_handler": True, "status": 504, "delay_seconds": 60})
    assert http.post(URL, json={"name": "fraud"}).status_code == 504
    assert http.get(f"{URL}/fraud").json()["creation_timestamp"] == began * 1000
    assert workspace.clock.now() == began + 60


def test_fault_prevents_the_effect(http: httpx.Client) -> None:
    http.post(FAULTS, json={"pattern": f"POST {URL}"})
    assert http.post(URL, json={"name": "fraud"}).status_code == 500
    assert http.get(f"{URL}/fraud").status_code == 404


def test_fault_rules_are_listed_and_deleted(http: httpx.Client) -> None:
    http.post(FAULTS, json={"pattern": "GET /x", "times": -1})
    assert [rule["pattern"] for rule in http.get(FAULTS).json()["faults"]] == ["GET /x"]
    http.delete(FAULTS)
    assert http.get(FAULTS).json() == {"faults": []}


@pytest.mark.parametrize("rule", [{}, {"pattern": "nonsense"}, {"pattern": "GET /x", "times": "often"}])
def test_invalid_fault_rules_are_rejected(http: httpx.Client, rule: dict[str, str]) -> None:
    assert http.post(FAULTS, json=rule).status_code == 400


def test_fault_body_is_plain_text(http: httpx.Client) -> None:
    http.post(FAULTS, json={"pattern": "GET /api/*", "status": 503, "body": "upstream connect error"})
    hit = http.get(URL)
    assert (hit.status_code, hit.text) == (503, "upstream connect error")
    assert hit.headers["content-type"] == "text/plain; charset=utf-8"


def test_reset_connection_takes_no_effect(http: httpx.Client) -> None:
    http.post(FAULTS, json={"pattern": f"POST {URL}", "reset": True})
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        http.post(URL, json={"name": "fraud"})
    assert http.get(f"{URL}/fraud").status_code == 404


def test_reset_after_handler_loses_response(http: httpx.Client) -> None:
    http.post(FAULTS, json={"pattern": f"POST {URL}", "reset": True, "after_handler": True})
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        http.post(URL, json={"name": "fraud"})
    assert http.get(f"{URL}/fraud").status_code == 200
    requests = http.get("/_workspace/journal?writes=true").json()["requests"]
    assert [(each["method"], each["path"], each["status"]) for each in requests] == [("POST", URL, 0)]
