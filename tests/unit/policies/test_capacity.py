"""The rule enough-capacity: declared load against the concurrency of each served entity."""

from dataclasses import replace
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.policies.pack.rule import Resource, Violation
from model_serving.policies.rules.capacity import enough_capacity

LOAD = {"requests_per_second": 300, "time_per_request": "40ms"}
"""12 at once."""


def endpoint(traffic: dict[str, int], expected: Any = LOAD, **sizes: Any) -> Resource:
    entities = [{"name": name, "entityName": "main.ml.x", "entityVersion": "1", **size} for name, size in sizes.items()]
    routes = [{"servedModelName": name, "trafficPercentage": share} for name, share in traffic.items()]
    inputs = {"name": "x", "config": {"servedEntities": entities, "trafficConfig": {"routes": routes}}}
    return Resource(MODEL_SERVING, "x", "urn:x", inputs, stack_spec={"endpoints": {"x": {"expected": expected}}})


def found(resource: Resource) -> list[Violation]:
    return list(enough_capacity.check(resource, {}))


def stopped(resource: Resource) -> Resource:
    declared = {**resource.stack_spec["endpoints"]["x"], "stopped": True}
    return replace(resource, stack_spec={"endpoints": {"x": declared}})


SMALL, MEDIUM = {"workloadSize": "Small"}, {"workloadSize": "Medium"}


@pytest.mark.parametrize(
    "passing",
    [
        endpoint({"a": 100}, a=MEDIUM),
        endpoint({"a": 100}, None, a=SMALL),
        endpoint({"a": 70, "b": 30}, a=MEDIUM, b=SMALL),
        endpoint({"a": 100}, {"requests_per_second": 100, "time_per_request": "40ms"}, a=SMALL),
        endpoint({"a": 100}, {"requests_per_second": 100}, a=SMALL),
        endpoint({"a": 100}, a={"workloadSize": UNKNOWN}),
        stopped(endpoint({"a": 100}, a=SMALL)),
    ],
    ids=["enough", "no load", "by share", "exactly enough", "invalid load", "size not known", "stopped"],
)
def test_enough_capacity_is_silent(passing: Resource) -> None:
    assert found(passing) == []


def test_short_entity_is_named_with_fix() -> None:
    (violation,) = found(endpoint({"a": 100}, a=SMALL))
    assert violation.message == (
        'Served entity "a" has at most 4 concurrent requests, and needs 12: 100 % of 300 requests a second of 40 ms'
    )
    assert (violation.field_path, violation.fixes) == (
        ("served_entities", "a", "workload_size"),
        ("`workload_size: Medium`",),
    )


def test_fallback_needs_all_of_the_load() -> None:
    (violation,) = found(endpoint({"a": 100, "b": 0}, a=MEDIUM, b=SMALL))
    assert violation.message == (
        'Served entity "b" has at most 4 concurrent requests, and a rollback to it needs 12: all of 300 requests a'
        " second of 40 ms"
    )


def test_custom_concurrency_gets_own_number() -> None:
    (violation,) = found(endpoint({"a": 100}, a={"minProvisionedConcurrency": 4, "maxProvisionedConcurrency": 8}))
    assert violation.fixes == ("`max_provisioned_concurrency: 12`",)
    assert violation.field_path == ("served_entities", "a", "max_provisioned_concurrency")


@pytest.mark.parametrize(
    ("seconds", "fix"),
    [
        ("1s", "`max_provisioned_concurrency: 300` with a minimum, instead of `workload_size`"),
        ("5s", "Share the load between endpoints: a served entity has at most 1024"),
    ],
)
def test_large_load_gets_possible_fix(seconds: str, fix: str) -> None:
    load = {"requests_per_second": 300, "time_per_request": seconds}
    (violation,) = found(endpoint({"a": 100}, load, a=SMALL))
    assert violation.fixes == (fix,)
