"""Metrics of an endpoint by served entity, as text for Prometheus: those of the last full minute.

The service declares them as gauges in spite of their names: requests and errors are those of the last minute, and so
is the histogram of latencies; each line has a full minute as its timestamp. An entity that is scaled to zero has no
load. `--metrics-interval 0` serves counters instead.
Sources: product documentation, track and export serving endpoint health metrics to Prometheus and Datadog, for names
and types (in its example for Datadog); Datadog's list of these metrics (integrations-core, databricks/metadata.csv),
which says of each "during the last minute", and its dashboard and monitors, which group by `endpoint_name` and
`served_model_name`; Databricks' community forum for `gpu`; outputs of the service quoted in public repositories. Not
verified: whether the timestamp is the minute's end. CPU follows from the time spent on requests; memory is made up.
"""

import zlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from model_serving.workspace.dataplane.request_counts import BOUNDS_MS, interval_of, last_interval, total
from model_serving.workspace.http.call import Call
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.serving.scale_to_zero import is_cold
from model_serving.workspace.store.database import Json

_LEAST_OF_SIZE: Final = {"Small": 4, "Medium": 8, "Large": 16}
"""Requests at once that a size is provisioned for at least. Source: REST reference, workload_size."""

_GPUS: Final = {"MULTIGPU_MEDIUM": 4, "GPU_XLARGE_8": 8}
"""GPUs of the workload types with several. Source: product documentation, GPU workload types."""


class Family(NamedTuple):
    """A metric with its lines: the end of a line's name, its labels besides the entity's, its value."""

    name: str
    kind: str
    meaning: str
    lines: list[tuple[str, Json, float]]


def exposition(call: Call, endpoint: Json) -> str:
    """The metrics of every entity of the active config."""
    now, interval = call.clock.now(), call.settings.metrics_interval
    time = f" {int(interval_of(call.settings, now) * interval * 1000)}" if interval else ""
    texts: dict[str, list[str]] = {}
    for entity in (endpoint["config"] or {}).get("served_entities", []):
        labels = {"endpoint_name": endpoint["name"], "served_model_name": entity["name"]}
        for family in _families(call, endpoint, entity, now):
            text = texts.setdefault(family.name, [f"# HELP {family.name} {family.meaning}"])
            if len(text) == 1:
                text.append(f"# TYPE {family.name} {family.kind}")
            for suffix, more, value in family.lines:
                shown = ",".join(f'{name}="{each}"' for name, each in {**labels, **more}.items())
                text.append(f"{family.name}{suffix}{{{shown}}} {value}{time}")
    return "".join(f"{line}\n" for text in texts.values() for line in text)


def _families(call: Call, endpoint: Json, entity: Json, now: float) -> Iterator[Family]:
    if call.settings.metrics_interval:
        counts, kind = last_interval(call.store, call.settings, endpoint, entity["name"], now), "gauge"
    else:
        counts, kind = total(call.store, endpoint, entity["name"]), "counter"
    when = "during the last minute" if kind == "gauge" else "since the endpoint was created"
    for name, member in (("request", "requests"), ("request_4xx", "4xx"), ("request_5xx", "5xx")):
        meaning = f"Number of {'requests' if name == 'request' else member + ' errors'} {when}"
        yield Family(f"{name}_count_total", kind, meaning, [("", {}, counts[member])])
    yield Family("request_latency_ms", "histogram", f"Latency of requests {when}", list(_histogram(counts)))
    if kind_of(entity) not in ("EXTERNAL_MODEL", "FOUNDATION_MODEL") and not _is_down(call, endpoint, entity, now):
        yield from _load(call, entity, counts)


def _histogram(counts: Json) -> Iterator[tuple[str, Json, float]]:
    at_most = 0
    for bound, number in zip((*BOUNDS_MS, "+Inf"), counts["buckets"], strict=True):
        at_most += number
        yield "_bucket", {"le": bound}, at_most
    yield "_sum", {}, round(counts["milliseconds"], 3)
    yield "_count", {}, counts["requests"]


def _is_down(call: Call, endpoint: Json, entity: Json, now: float) -> bool:
    return endpoint["is_stopped"] or is_cold(call.store, call.settings, endpoint, entity, now)


def _load(call: Call, entity: Json, counts: Json) -> Iterator[Family]:
    concurrency = entity.get("min_provisioned_concurrency") or _LEAST_OF_SIZE.get(str(entity.get("workload_size")), 4)
    busy = counts["milliseconds"] / 1000 / (call.settings.metrics_interval or 60) / concurrency
    memory = 20 + zlib.crc32(entity["name"].encode()) % 30
    shared: Any = "Average of all replicas in percent,"
    yield _gauge("cpu_usage_percentage", f"{shared} CPU", min(100.0, round(100 * busy, 2)))
    yield _gauge("mem_usage_percentage", f"{shared} memory", memory)
    yield _gauge("provisioned_concurrent_requests_total", "Number of requests at once provisioned for", concurrency)
    workload = str(entity.get("workload_type"))
    if gpus := _GPUS.get(workload, int("GPU" in workload)):
        for name, value in (("gpu_usage", min(100.0, round(100 * busy, 2))), ("gpu_memory_usage", float(memory))):
            lines = [("", {"gpu": f"gpu{number}"}, value) for number in range(gpus)]
            yield Family(f"{name}_percentage", "gauge", f"{shared} {name.replace('_', ' ')}", lines)


def _gauge(name: str, meaning: str, value: float) -> Family:
    return Family(name, "gauge", meaning, [("", {}, value)])
