"""The metrics of several endpoints as one text."""

from prometheus_client.parser import text_string_to_metric_families

from model_serving.operations.metrics.exposition import one_text

TEXT = """\
# HELP request_count_total Number of requests
# TYPE request_count_total gauge
request_count_total{{endpoint_name="{name}"}} 3 1788718020000
# HELP request_latency_ms Latency
# TYPE request_latency_ms histogram
request_latency_ms_bucket{{endpoint_name="{name}",le="5"}} 1 1788718020000
request_latency_ms_bucket{{endpoint_name="{name}",le="+Inf"}} 3 1788718020000
request_latency_ms_sum{{endpoint_name="{name}"}} 40 1788718020000
request_latency_ms_count{{endpoint_name="{name}"}} 3 1788718020000
"""


def test_one_text_declares_each_metric_once() -> None:
    text = one_text([TEXT.format(name="fraud"), TEXT.format(name="iris")])
    assert [line for line in text.splitlines() if line.startswith("# TYPE")] == [
        "# TYPE request_count_total gauge",
        "# TYPE request_latency_ms histogram",
    ]
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert {sample.labels["endpoint_name"] for sample in samples} == {"fraud", "iris"}
    assert len(samples) == 10
    assert {sample.timestamp for sample in samples} == {1788718020.0}


def test_a_single_text_stays_as_it_is() -> None:
    text = TEXT.format(name="fraud")
    assert one_text([text]) == text
