"""Metrics of endpoints: the text that a workspace exports, and the figures of a window."""

import math
from typing import Any

import pytest

from model_serving.databricks.errors import CallError
from model_serving.databricks.metrics.exposition import parse_sample
from model_serving.databricks.metrics.figures import figures
from model_serving.databricks.metrics.histogram import Histogram
from model_serving.databricks.metrics.reader import Meter
from model_serving.databricks.metrics.sample import WHOLE_ENDPOINT, Requests, Sample

MINUTE = 1_788_718_020
EXPORT = """\
# HELP request_count_total Number of requests during the last minute
# TYPE request_count_total {type}
request_count_total{{endpoint_name="fraud",{label}="champion"}} 90 {time}
request_count_total{{endpoint_name="fraud",{label}="challenger"}} 10 {time}
# TYPE request_4xx_count_total {type}
request_4xx_count_total{{endpoint_name="fraud",{label}="champion"}} 0 {time}
request_4xx_count_total{{endpoint_name="fraud",{label}="challenger"}} 1 {time}
# TYPE request_5xx_count_total {type}
request_5xx_count_total{{endpoint_name="fraud",{label}="champion"}} 0 {time}
request_5xx_count_total{{endpoint_name="fraud",{label}="challenger"}} 2 {time}
# TYPE request_latency_ms histogram
request_latency_ms_bucket{{endpoint_name="fraud",{label}="champion",le="10"}} 45 {time}
request_latency_ms_bucket{{endpoint_name="fraud",{label}="champion",le="20"}} 90 {time}
request_latency_ms_bucket{{endpoint_name="fraud",{label}="champion",le="+Inf"}} 90 {time}
request_latency_ms_sum{{endpoint_name="fraud",{label}="champion"}} 900 {time}
request_latency_ms_count{{endpoint_name="fraud",{label}="champion"}} 90 {time}
# TYPE cpu_usage_percentage gauge
cpu_usage_percentage{{endpoint_name="fraud",{label}="champion"}} 12.5 {time}
# TYPE provisioned_concurrent_requests_total gauge
provisioned_concurrent_requests_total{{endpoint_name="fraud",{label}="champion"}} 4 {time}
provisioned_concurrent_requests_total{{endpoint_name="fraud",{label}="challenger"}} 8 {time}
"""


def export(kind: str = "gauge", label: str = "served_model_name", time: str = f"{MINUTE}000") -> Sample:
    return parse_sample("fraud", EXPORT.format(type=kind, label=label, time=time), MINUTE + 30.0)


def reported(requests: float, interval_end: float | None, *, time: float = 0.0, **more: Any) -> Sample:
    """A sample of one entity."""
    latency = Histogram({100.0: requests, math.inf: requests}, requests * 50)
    counted = {"one": Requests(requests, latency=latency, **more)}
    return Sample("fraud", time, counted, {}, interval_end, 60.0, adds_up=interval_end is None)


def meter(*samples: Sample) -> Meter:
    """A meter that reads these samples, in their order."""
    return Meter(iter(samples).__next__)


def test_gauges_are_the_last_minute() -> None:
    found = figures(None, export())
    assert (found["champion"].requests, found["champion"].requests_per_second) == (90, 1.5)
    assert found["challenger"].error_rate == pytest.approx(0.3)
    assert (found["challenger"].errors_4xx, found["challenger"].errors_5xx) == (1, 2)
    assert found[WHOLE_ENDPOINT].requests == 100
    assert found[WHOLE_ENDPOINT].error_rate == pytest.approx(0.03)
    assert found[WHOLE_ENDPOINT].load.concurrency == 12
    assert (found["champion"].load.cpu_percent, found["challenger"].load.cpu_percent) == (12.5, None)
    assert (found["champion"].p50_ms, found["challenger"].p50_ms) == (10.0, None)
    assert export().interval_end == MINUTE


@pytest.mark.parametrize("label", ["served_model_name", "served_entity_name", "served_model"])
def test_each_entity_label_is_read(label: str) -> None:
    assert set(export(label=label).requests) == {"champion", "challenger"}


def test_metrics_without_entities_are_the_endpoint_s() -> None:
    found = figures(None, parse_sample("fraud", 'request_count_total{endpoint_name="fraud"} 30\n', 0.0))
    assert {entity: each.requests for entity, each in found.items()} == {WHOLE_ENDPOINT: 30}


def test_open_metrics_times_are_in_seconds() -> None:
    text = EXPORT.format(type="gauge", label="served_model_name", time=MINUTE) + "# EOF\n"
    assert parse_sample("fraud", text, 0.0).interval_end == MINUTE


def test_counters_without_two_samples_have_no_rate() -> None:
    found = figures(None, export("counter"))["champion"]
    assert (found.requests, found.requests_per_second) == (90, None)


@pytest.mark.parametrize(
    "text",
    [
        "<html>Sign in</html>",
        'request_count_total{a="b} 1',
        "request_count_total x",
        'request_latency_ms_bucket{le="soon"} 3',
    ],
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(CallError, match='metrics of endpoint "fraud" are not in the format of Prometheus'):
        parse_sample("fraud", text, 0.0)


def test_no_metrics_give_no_figures() -> None:
    found = figures(None, parse_sample("fraud", "", 0.0))
    assert (found[WHOLE_ENDPOINT].requests, found[WHOLE_ENDPOINT].error_rate) == (0, None)
    assert found[WHOLE_ENDPOINT].p95_ms is None


def test_the_same_minute_counts_once() -> None:
    assert figures(reported(5, 60), reported(5, 60))["one"].requests == 0
    assert figures(reported(5, 60), reported(7, 120))["one"].requests == 7


def test_counters_that_started_over_count_from_zero() -> None:
    before, after = reported(50, None, time=0), reported(8, None, time=10)
    assert figures(before, after)["one"].requests == 8
    assert figures(reported(3, None), after)["one"].requests == 5


def test_a_meter_adds_up_minutes() -> None:
    reads = meter(reported(9, 60), reported(9, 60), reported(3, 120), reported(4, 120), reported(2, 180))
    before, *_, after = [reads.read() for _ in range(5)]
    found = figures(before, after)["one"]
    assert (found.requests, found.seconds, found.requests_per_second) == (6, 120, 0.05)
    assert found.p50_ms == 50


def test_a_missed_minute_is_missing_from_the_seconds() -> None:
    reads = meter(reported(9, 60), reported(6, 240))
    found = figures(reads.read(), reads.read())["one"]
    assert (found.requests, found.seconds, found.requests_per_second) == (6, 60, 0.1)


def test_a_meter_adds_up_counters() -> None:
    reads = meter(*(reported(count, None, time=at) for at, count in enumerate((7, 9, 1))))
    before, _, after = (reads.read() for _ in range(3))
    found = figures(before, after)["one"]
    assert (found.requests, found.seconds) == (3, 2)


@pytest.mark.parametrize(
    ("fraction", "expected"), [(0.0, 0.0), (0.25, 5.0), (0.5, 10.0), (0.75, 15.0), (0.95, 20.0), (1.0, 20.0)]
)
def test_quantiles_are_interpolated_in_their_bucket(fraction: float, expected: float) -> None:
    histogram = Histogram({10.0: 50, 20.0: 90 + 10 * (fraction < 0.8), math.inf: 100})
    assert histogram.quantile(fraction) == pytest.approx(expected)


def test_empty_histogram_has_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram({10.0: 0, math.inf: 0}).quantile(0.5) is None
