"""The text in which a workspace exports the metrics of an endpoint, read into a sample.

Names: product documentation, track and export serving endpoint health metrics to Prometheus and Datadog. Its example
for Datadog declares each but the latency as a gauge, in spite of names that end in `_total`. Datadog's list of these
metrics (integrations-core, databricks/metadata.csv) says of each: during the last minute. Outputs of real workspaces
have a full minute as the timestamp of each. Labels: Datadog's dashboard and monitors group by `endpoint_name` and
`served_model_name`; an answer of Databricks in its community forum shows a `gpu` label for each GPU.
Not verified on a workspace: newer names of the labels, and `gpu_memory_usage_percentage`, which Datadog calls
`gpu_mem_usage_percentage`. All of these spellings are read, and counters, too.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any, Final

from model_serving.databricks.errors import CallError
from model_serving.databricks.metrics.histogram import Histogram
from model_serving.databricks.metrics.sample import INTERVAL_SECONDS, WHOLE_ENDPOINT, Load, Requests, Sample

_ENTITY_LABELS: Final = ("served_model_name", "served_entity_name", "served_model", "served_entity")
_COUNT: Final = "request_count_total"
_LATENCY: Final = "request_latency_ms"
_GPU_MEMORY: Final = ("gpu_memory_usage_percentage", "gpu_mem_usage_percentage")


def parse_sample(endpoint: str, text: str, time: float) -> Sample:
    """The sample in an export of metrics that was read at that time. Raises CallError if the text is none."""
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - most commands need no metrics

    try:
        return _sample(endpoint, text, time, list(text_string_to_metric_families(text)))
    except (ValueError, IndexError) as error:
        raise CallError(f'The metrics of endpoint "{endpoint}" are not in the format of Prometheus: {error}') from None


def _sample(endpoint: str, text: str, time: float, families: list[Any]) -> Sample:
    lines = _by_entity(line for family in families for line in family.samples)
    adds_up = any(family.type == "counter" and f"{family.name}_total" == _COUNT for family in families)
    ends = [line.timestamp for each in lines.values() for line in each if line.name == _COUNT and line.timestamp]
    # A timestamp is in milliseconds, but in seconds in OpenMetrics, which ends with this line.
    scale = 1000.0 if text.rstrip().endswith("# EOF") else 1.0
    return Sample(
        endpoint=endpoint,
        time=time,
        requests={entity: _requests(each) for entity, each in lines.items()},
        load={entity: _load(each) for entity, each in lines.items()},
        interval_end=None if adds_up else max(ends, default=0.0) * scale or None,
        seconds=None if adds_up else INTERVAL_SECONDS,
        adds_up=adds_up,
    )


def _by_entity(lines: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for line in lines:
        label = next((name for name in _ENTITY_LABELS if name in line.labels), None)
        found[line.labels[label] if label else WHOLE_ENDPOINT].append(line)
    return dict(found)


def _requests(lines: list[Any]) -> Requests:
    return Requests(
        answered=_sum(lines, _COUNT),
        errors_4xx=_sum(lines, "request_4xx_count_total"),
        errors_5xx=_sum(lines, "request_5xx_count_total"),
        latency=_latency(lines),
    )


def _latency(lines: list[Any]) -> Histogram:
    buckets: dict[float, float] = defaultdict(float)
    for line in lines:
        if line.name == f"{_LATENCY}_bucket" and math.isfinite(line.value):
            buckets[float(line.labels.get("le", "inf"))] += line.value
    return Histogram(dict(sorted(buckets.items())), _sum(lines, f"{_LATENCY}_sum"))


def _load(lines: list[Any]) -> Load:
    concurrency = _values(lines, "provisioned_concurrent_requests_total", "provisioned_concurrent_requests")
    return Load(
        cpu_percent=_mean(lines, "cpu_usage_percentage"),
        memory_percent=_mean(lines, "mem_usage_percentage"),
        gpu_percent=_mean(lines, "gpu_usage_percentage"),
        gpu_memory_percent=_mean(lines, *_GPU_MEMORY),
        concurrency=sum(concurrency) if concurrency else None,
    )


def _values(lines: list[Any], *names: str) -> list[float]:
    return [float(line.value) for line in lines if line.name in names and math.isfinite(line.value)]


def _sum(lines: list[Any], name: str) -> float:
    return sum(_values(lines, name))


def _mean(lines: list[Any], *names: str) -> float | None:
    values = _values(lines, *names)
    return fmean(values) if values else None
