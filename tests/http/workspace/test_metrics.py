"""Metrics by served entity, and models that are slow, failing or wrong on purpose."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from model_serving.databricks.metrics.exposition import parse_sample
from model_serving.databricks.metrics.figures import Figures, figures
from model_serving.workspace.dataplane.faulty_models import distorted

Build = Callable[..., dict[str, Any]]
ENDPOINT = "/api/2.0/serving-endpoints/fraud"
QUERY = "/serving-endpoints/fraud/invocations"
ANSWERS = "/_workspace/models/main.ml.fraud/answers"
ROWS = {"inputs": [1]}


@pytest.fixture
def two(endpoint: Build, entity: Build) -> None:
    """An endpoint with 90 % of its traffic to version 7 and 10 % to version 8."""
    entities = [entity(name="champion"), entity(name="challenger", entity_version="8")]
    shares = [("champion", 90), ("challenger", 10)]
    routes = [{"served_entity_name": name, "traffic_percentage": share} for name, share in shares]
    endpoint("fraud", config={"served_entities": entities, "traffic_config": {"routes": routes}})


def query(http: httpx.Client, times: int = 100, path: str = QUERY) -> list[httpx.Response]:
    return [http.post(path, json=ROWS) for _ in range(times)]


def of_last_minute(workspace: Any, http: httpx.Client) -> dict[str, Figures]:
    workspace.clock.advance(60)
    return figures(None, parse_sample("fraud", http.get(f"{ENDPOINT}/metrics").text, workspace.clock.now()))


@pytest.mark.usefixtures("two")
def test_metrics_are_of_the_last_full_minute(workspace: Any, http: httpx.Client) -> None:
    query(http)
    text = http.get(f"{ENDPOINT}/metrics").text
    assert 'request_count_total{endpoint_name="fraud",served_model_name="champion"} 0' in text
    found = of_last_minute(workspace, http)
    assert (found["champion"].requests, found["challenger"].requests) == (90, 10)
    assert of_last_minute(workspace, http)["champion"].requests == 0


@pytest.mark.usefixtures("two")
def test_each_line_has_a_full_minute_as_time(workspace: Any, http: httpx.Client) -> None:
    workspace.clock.advance(61)
    lines = [line for line in http.get(f"{ENDPOINT}/metrics").text.splitlines() if not line.startswith("#")]
    minute = int(workspace.clock.now() // 60 * 60_000)
    assert {int(line.rpartition(" ")[2]) for line in lines} == {minute}


@pytest.mark.usefixtures("two")
def test_names_are_those_of_the_documentation(http: httpx.Client) -> None:
    types = [line.split()[2:] for line in http.get(f"{ENDPOINT}/metrics").text.splitlines() if " TYPE " in line[:9]]
    assert dict(types) == {
        "request_count_total": "gauge",
        "request_4xx_count_total": "gauge",
        "request_5xx_count_total": "gauge",
        "request_latency_ms": "histogram",
        "cpu_usage_percentage": "gauge",
        "mem_usage_percentage": "gauge",
        "provisioned_concurrent_requests_total": "gauge",
    }


def test_gpus_are_reported_one_by_one(http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud", config={"served_entities": [entity(workload_type="MULTIGPU_MEDIUM")]})
    text = http.get(f"{ENDPOINT}/metrics").text
    for number in range(4):
        assert f'gpu_usage_percentage{{endpoint_name="fraud",served_model_name="fraud-7",gpu="gpu{number}"}}' in text
        assert (
            f'gpu_memory_usage_percentage{{endpoint_name="fraud",served_model_name="fraud-7",gpu="gpu{number}"' in text
        )


def test_scaled_to_zero_entity_has_no_load(workspace: Any, http: httpx.Client, endpoint: Build, entity: Build) -> None:
    endpoint("fraud", config={"served_entities": [entity(scale_to_zero_enabled=True)]})
    assert "cpu_usage_percentage" in http.get(f"{ENDPOINT}/metrics").text
    workspace.clock.advance(1801)
    text = http.get(f"{ENDPOINT}/metrics").text
    assert "cpu_usage_percentage" not in text
    assert "provisioned_concurrent_requests_total" not in text
    assert "request_count_total" in text


@pytest.mark.usefixtures("two")
def test_counters_show_each_request_at_once(workspace: Any, http: httpx.Client) -> None:
    workspace.restart(metrics_interval=0.0)
    query(http)
    text = http.get(f"{ENDPOINT}/metrics").text
    assert "# TYPE request_count_total counter" in text
    assert 'request_count_total{endpoint_name="fraud",served_model_name="champion"} 90\n' in text


@pytest.mark.usefixtures("two")
def test_slow_version_shows_in_its_percentiles(workspace: Any, http: httpx.Client) -> None:
    workspace.restart(metrics_interval=3600.0)
    workspace.clock.advance(-workspace.clock.now() % 3600)
    http.post(ANSWERS, json={"version": "8", "latency": "200ms", "jitter": "40ms"}).raise_for_status()
    before = workspace.clock.now()
    query(http)
    assert workspace.clock.now() - before == pytest.approx(2.0, abs=0.3)
    workspace.clock.advance(3600)
    found = of_last_minute(workspace, http)
    assert found["champion"].p99_ms is not None
    assert found["champion"].p99_ms < 100
    assert found["challenger"].p50_ms == pytest.approx(200, abs=60)
    assert found["challenger"].load.cpu_percent != 0


@pytest.mark.usefixtures("two")
def test_failing_version_fails_its_exact_share(workspace: Any, http: httpx.Client) -> None:
    http.post(ANSWERS, json={"version": "8", "fails": "5%", "rejects": "2%"}).raise_for_status()
    answers = query(http, 200, f"{QUERY.removesuffix('/invocations')}/served-models/challenger/invocations")
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(500), statuses.count(400)) == (10, 4)
    assert "an error on purpose" in answers[statuses.index(500)].json()["message"]
    found = of_last_minute(workspace, http)["challenger"]
    assert (found.errors_5xx, found.errors_4xx, found.requests) == (10, 4, 200)
    assert {answer.status_code for answer in query(http, 20)} == {200}


@pytest.mark.usefixtures("two")
def test_wrong_version_answers_differently(http: httpx.Client) -> None:
    path = f"{QUERY.removesuffix('/invocations')}/served-models/challenger/invocations"
    (right,) = query(http, 1, path)
    http.post(ANSWERS, json={"version": "8", "wrong": "10%"}).raise_for_status()
    found = [answer.json()["predictions"] for answer in query(http, 100, path)]
    assert found.count([right.json()["predictions"][0] + 1]) == 10
    assert found.count(right.json()["predictions"]) == 90
    http.post(ANSWERS, json={"version": "8"}).raise_for_status()
    assert query(http, 1, path)[0].json() == right.json()


def test_wrong_chat_keeps_its_format() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "yes"}}
    assert distorted({"id": "a", "choices": [choice]}) == {
        "id": "a",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "not yes"}}],
    }
    item = {"type": "message", "content": [{"type": "output_text", "text": "yes"}]}
    assert distorted({"output": [item]})["output"][0]["content"] == [{"type": "output_text", "text": "not yes"}]


def test_failed_entity_counts_as_5xx(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    http.post("/_workspace/endpoints/fraud/failures", json={"entity": "fraud-7", "message": "out of memory"})
    assert query(http, 1)[0].status_code == 500
    assert of_last_minute(workspace, http)["fraud-7"].errors_5xx == 1


def test_seed_describes_how_a_version_answers(http: httpx.Client, endpoint: Build) -> None:
    seed = {"models": {"main.ml.fraud": {"versions": {7: {"answers": {"fails": "100%"}}}}}}
    assert http.post("/_workspace/seed", json=seed).status_code == 200
    endpoint("fraud")
    assert query(http, 1)[0].status_code == 500


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"latency": "200"}, "main.ml.fraud: latency must be a time such as 200ms or 1.5s; found '200'"),
        ({"fails": "120%"}, "main.ml.fraud: fails must be a share such as 5%; found '120%'"),
    ],
)
def test_invalid_answers_are_refused(http: httpx.Client, answers: dict[str, str], message: str) -> None:
    refused = http.post(ANSWERS, json=answers)
    assert (refused.status_code, refused.json()["message"]) == (400, message)
    assert http.post("/_workspace/models/a.b.c/answers", json={}).status_code == 404


def test_requests_add_one_record_to_the_database(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    endpoint("fraud")
    query(http, 50)
    assert workspace.store.size("request_counts") == 1
