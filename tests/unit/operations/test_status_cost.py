"""Cost and capacity in `status`: from the sizes of the workspace, the prices of the stack files, and the figures."""

from typing import Any

import pytest

from model_serving.databricks.metrics.figures import Figures
from model_serving.databricks.metrics.sample import WHOLE_ENDPOINT, Load
from model_serving.databricks.prices.cost import size
from model_serving.operations.live.capacity import CAPACITY
from model_serving.operations.live.cost import COST
from model_serving.operations.live.status import Deployment, EndpointStatus, EntityStatus, State
from model_serving.operations.live.targets import Target
from model_serving.operations.live.traffic_figures import Traffic
from model_serving.spec.vocabulary.stack import Stack

ENTITY = {"entity": "main.ml.x", "version": "7", "workload_size": "Small"}


class Targets:
    """What the extras read of a stack's targets."""

    host = "https://dbc-1.cloud.databricks.com"

    def __init__(self, **declared: Any) -> None:
        endpoint = {"served_entities": {"a": ENTITY}, **declared.pop("endpoint", {})}
        self.spec = Stack.model_validate({"endpoints": {"fraud": endpoint}, **declared})
        self.endpoints = {"fraud": Target("fraud", "fraud", self.spec.endpoints["fraud"], None)}


def status(*sizes: Any, state: State = State.READY, figures: Figures | None = None) -> EndpointStatus:
    shares = (100, 0)
    entities = tuple(
        EntityStatus(name, Deployment("main.ml.x", "7"), traffic=share, size=each)
        for name, share, each in zip("ab", shares, sizes, strict=False)
    )
    traffic = Traffic({WHOLE_ENDPOINT: figures}) if figures else None
    return EndpointStatus("fraud", "fraud", state, entities=entities, traffic=traffic)


def read(extra: Any, targets: Targets, found: EndpointStatus) -> Any:
    return extra.read(targets, found)


SMALL, LARGE = size("Small", "CPU"), size("Large", "CPU", scales_to_zero=True)
PRICES = {"prices": {"per_dbu": 0.07}}


@pytest.mark.parametrize(
    ("targets", "sizes", "column", "lines"),
    [
        (Targets(), (SMALL,), "4 DBU/h", ["4 DBU/h, figures as of 2025-12-31"]),
        (
            Targets(**PRICES),
            (SMALL, LARGE),
            "204-3,475 USD/month",
            ["4-68 DBU/h from idle to fully scaled, figures as of 2025-12-31", "0.28-4.76 USD/h, 204-3,475 USD/month"],
        ),
        (
            Targets(),
            (SMALL, size("Small", "GPU_XLARGE")),
            "4 + unknown DBU/h",
            ["4 DBU/h, figures as of 2025-12-31", "no DBU figure for GPU_XLARGE"],
        ),
    ],
    ids=["DBU", "money", "unknown"],
)
def test_cost_follows_from_live_sizes(targets: Targets, sizes: Any, column: str, lines: list[str]) -> None:
    value = read(COST, targets, status(*sizes))
    assert COST.column
    assert (COST.column(value), list(COST.lines(value))) == (column, lines)


def test_stopped_endpoint_costs_nothing() -> None:
    value = read(COST, Targets(**PRICES), status(SMALL, state=State.STOPPED))
    assert value["per_month"] == {"low": "0", "high": "0"}


def test_endpoint_of_a_listing_has_no_cost() -> None:
    assert read(COST, Targets(), status(None)) is None
    assert read(CAPACITY, Targets(), status(None)) is None


def test_total_is_of_all_endpoints_or_none() -> None:
    every: Any = [status(SMALL), status(LARGE), EndpointStatus("gone", "gone", State.NOT_DEPLOYED)]
    targets: Any = Targets()
    assert COST.total
    assert COST.total(targets, every)["dbu_per_hour"] == {"low": "4", "high": "68"}
    assert COST.total(targets, [*every, status(None)]) is None


def test_capacity_is_by_metrics_and_by_declared_load() -> None:
    figures = Figures(600, 60.0, 10.0, 0, 0, 0.0, 20.0, 90.0, 99.0, Load(), mean_ms=150.0)
    targets = Targets(endpoint={"expected": {"requests_per_second": 200, "time_per_request": "40ms"}})
    value = read(CAPACITY, targets, status(size("Medium", "CPU"), SMALL, figures=figures))
    assert CAPACITY.column
    assert CAPACITY.column(value) == "1.5 of 16"
    assert list(CAPACITY.lines(value)) == [
        "10 requests a second of 150 ms (last minute) need 1.5 at once",
        "a (100 %) needs 1.5 of 16",
        "b (0 %) needs 0 of 4",
        "200 requests a second of 40 ms (declared) need 8 at once",
        "a (100 %) needs 8 of 16",
        "b (0 %) needs 0 of 4: too few for all of it",
    ]


def test_capacity_without_load_is_absent() -> None:
    assert read(CAPACITY, Targets(), status(SMALL)) is None
