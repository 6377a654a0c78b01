"""Phases of deployments, and logs that grow with the clock."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Build = Callable[..., dict[str, Any]]
ENDPOINT = "/api/2.0/serving-endpoints/fraud"
QUERY = "/serving-endpoints/fraud/invocations"


def lines(http: httpx.Client, kind: str, entity: str = "fraud-7") -> list[str]:
    """The lines of a log without their times."""
    text = http.get(f"{ENDPOINT}/served-models/{entity}/{kind}").json()["logs"]
    return [line.partition("] ")[2] for line in text.splitlines()]


def pending(http: httpx.Client) -> str:
    (entity,) = http.get(ENDPOINT).json()["pending_config"]["served_entities"]
    return str(entity["state"]["deployment_state_message"])


@pytest.fixture
def creation(workspace: Any, http: httpx.Client, entity: Build) -> Callable[..., None]:
    """Starts a deployment of 100 seconds."""

    def begin(fails: Any = None, **changes: Any) -> None:
        workspace.restart(ready_after=100.0)
        if fails:
            seed = {"models": {"main.ml.fraud": {"versions": {7: {"fails": fails}}}}}
            http.post("/_workspace/seed", json=seed).raise_for_status()
        made = http.post(
            "/api/2.0/serving-endpoints", json={"name": "fraud", "config": {"served_entities": [entity(**changes)]}}
        )
        made.raise_for_status()

    return begin


def test_deployment_goes_through_its_phases(workspace: Any, http: httpx.Client, creation: Callable[..., None]) -> None:
    creation()
    seen: list[str] = []
    for _ in range(10):
        seen += [pending(http)] if pending(http) not in seen else []
        workspace.clock.advance(9)
    assert seen == [
        "Creating resources for served entity.",
        "Building container image for served entity.",
        "Starting model server for served entity.",
    ]


@pytest.mark.parametrize("kind", ["build-logs", "logs"])
def test_log_only_grows(workspace: Any, http: httpx.Client, creation: Callable[..., None], kind: str) -> None:
    creation()
    before, lengths = "", set()
    for _ in range(14):
        now = http.get(f"{ENDPOINT}/served-models/fraud-7/{kind}").json()["logs"]
        assert now.startswith(before)
        before = now
        lengths.add(len(now.splitlines()))
        workspace.clock.advance(8)
    assert {0, 1, 2, 3} <= lengths


def test_finished_logs_tell_build_and_start(workspace: Any, http: httpx.Client, creation: Callable[..., None]) -> None:
    creation()
    workspace.clock.advance(100)
    assert lines(http, "build-logs") == [
        "Fetching main.ml.fraud version 7",
        "Building the image of fraud-7",
        "Dependencies installed",
        "Image built",
    ]
    assert lines(http, "logs") == [
        "Starting the scoring server of fraud-7",
        "Scored by Echo",
        "The scoring server is ready",
    ]


@pytest.mark.parametrize(
    ("fails", "kind", "after", "last"),
    [
        ("no numpy", "build-logs", 35, "Building the image of fraud-7"),
        ({"phase": "fetch", "reason": "no access"}, "build-logs", 10, "Fetching main.ml.fraud version 7"),
        ({"phase": "start", "reason": "out of memory"}, "logs", 90, "Scored by Echo"),
    ],
)
def test_deployment_fails_in_its_phase(
    workspace: Any,
    http: httpx.Client,
    creation: Callable[..., None],
    fails: Any,
    kind: str,
    after: int,
    last: list[str],
) -> None:
    creation(fails)
    workspace.clock.advance(after - 1)
    assert http.get(ENDPOINT).json()["state"]["config_update"] == "IN_PROGRESS"
    workspace.clock.advance(1)
    assert http.get(ENDPOINT).json()["state"]["config_update"] == "UPDATE_FAILED"
    reason = fails if isinstance(fails, str) else fails["reason"]
    assert pending(http) == reason
    assert lines(http, kind)[-2:] == [last, f"ERROR: {reason}"]


def test_unchanged_entity_is_not_built_again(
    workspace: Any, http: httpx.Client, endpoint: Build, entity: Build
) -> None:
    endpoint("fraud")
    build = http.get(f"{ENDPOINT}/served-models/fraud-7/build-logs").json()
    routes = [{"served_entity_name": "fraud-7", "traffic_percentage": 100}]
    both = {"served_entities": [entity(), entity(entity_version="8")], "traffic_config": {"routes": routes}}
    http.put(f"{ENDPOINT}/config", json=both).raise_for_status()
    workspace.clock.advance(2)
    assert http.get(f"{ENDPOINT}/served-models/fraud-7/build-logs").json() == build
    assert lines(http, "build-logs", "fraud-8") == ["Fetching main.ml.fraud version 8", "Building the image of fraud-8"]


def test_feature_spec_has_no_build_log(http: httpx.Client, endpoint: Build) -> None:
    spec = {"name": "features", "entity_name": "main.ml.user_features", "workload_size": "Small"}
    endpoint("fraud", config={"served_entities": [spec | {"scale_to_zero_enabled": True}]})
    assert lines(http, "build-logs", "features") == []
    assert lines(http, "logs", "features")[-1] == "The scoring server is ready"


def test_service_log_has_requests_and_errors(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    for body in ({"inputs": [1]}, {"inputs": [2]}, {}):
        http.post(QUERY, json=body)
    before = lines(http, "logs")
    assert before[-1].startswith("ERROR 400: Invalid input.")
    workspace.clock.advance(60)
    assert lines(http, "logs") == [*before, "Answered 3 requests, 1 of them with an error"]
    http.post(QUERY, json={"inputs": [1]})
    workspace.clock.advance(60)
    assert lines(http, "logs")[len(before) :] == [
        "Answered 3 requests, 1 of them with an error",
        "Answered 1 requests, 0 of them with an error",
    ]


def test_scaling_to_zero_stays_in_the_log(workspace: Any, http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud", config={"served_entities": [entity(scale_to_zero_enabled=True)]})
    workspace.clock.advance(1801)
    before = http.get(f"{ENDPOINT}/served-models/fraud-7/logs").json()["logs"]
    assert before.endswith("Scaled to zero\n")
    http.post(QUERY, json={"inputs": [1]})
    assert http.get(f"{ENDPOINT}/served-models/fraud-7/logs").json()["logs"].startswith(before)


def test_service_log_keeps_its_last_lines(http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    for _ in range(105):
        http.post(QUERY, json={})
    assert len(lines(http, "logs")) == 3 + 100


def test_unknown_phase_is_refused(http: httpx.Client) -> None:
    seed = {"models": {"main.ml.fraud": {"versions": {7: {"fails": {"phase": "nap", "reason": "tired"}}}}}}
    refused = http.post("/_workspace/seed", json=seed)
    assert refused.json()["message"] == "Version 7 can't fail in phase 'nap', allowed: fetch, build, start"
