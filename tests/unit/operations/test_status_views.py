"""The views of a status: every state has its words, lines fit the terminal, and the page has every name."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.metrics.figures import Figures
from model_serving.databricks.metrics.sample import WHOLE_ENDPOINT, Load
from model_serving.operations.live.render.changes import Changes
from model_serving.operations.live.render.json_status import json_status
from model_serving.operations.live.render.view import text
from model_serving.operations.live.status import (
    Deployment,
    EndpointStatus,
    EntityStatus,
    Serves,
    Source,
    StackStatus,
    State,
)
from model_serving.operations.live.traffic_figures import Traffic

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
NOW = 1_790_000_000.0


def figures(rate: float, errors: float | None, p95: float | None) -> Figures:
    return Figures(round(rate * 60), 60.0, rate, 0, 0, errors, p95 and p95 / 2, p95, p95, Load())


def serving(name: str, version: str, traffic: int, **more: Any) -> EntityStatus:
    return EntityStatus(name, Deployment("main.ml.fraud", version, "ready"), traffic=traffic, **more)


CREATING = Deployment("main.ml.fraud", "9", "creating", "Building container image for served entity.")
FAILED = Deployment("main.ml.fraud", "9", "failed", "pip could not resolve numpy==9.9")
LOG = ("Collecting numpy==9.9", "ERROR: No matching distribution found for numpy==9.9")

READY = EndpointStatus(
    "fraud-scorer",
    "prod-fraud-scorer",
    State.READY,
    Serves.EVERYTHING,
    entities=(serving("champion", "7", 95), serving("challenger", "8", 5), serving("shadow", "9", 0)),
    id="3fa34fdfb34b477d8cb6bfac62808779",
    creator="deployer@example.com",
    url="https://example.com/serving-endpoints/prod-fraud-scorer/invocations",
    source=Source.ENDPOINT,
    traffic=Traffic({WHOLE_ENDPOINT: figures(412.3, 0.0007, 38.2)}, NOW),
)
UPDATING = EndpointStatus(
    "ranker",
    "ranker",
    State.UPDATING,
    Serves.EVERYTHING,
    since=NOW - 260,
    entities=(serving("one", "8", 95, pending=CREATING, pending_traffic=50, log=("Step 3/9",)),),
    source=Source.ENDPOINT,
    traffic=Traffic({WHOLE_ENDPOINT: figures(0.05, 0.25, 1320.0)}),
)
BROKEN = EndpointStatus(
    "churn",
    "churn",
    State.FAILED,
    Serves.EVERYTHING,
    "the last update failed; what served before still does",
    entities=(serving("one", "8", 100, pending=FAILED, log=LOG),),
    drift=('"one": entity_version 8 instead of 9',),
)
OTHERS = tuple(
    EndpointStatus(state.value, state.value, state, reason=f"reason of {state.value}")
    for state in State
    if state not in (State.READY, State.UPDATING, State.FAILED)
)


def shown(*endpoints: EndpointStatus, width: int = 80, detailed: bool = False) -> str:
    status = StackStatus("prod", "https://prod.cloud.databricks.com", NOW, endpoints)
    return text(status, width=width, color=False, detailed=detailed, now=NOW)


def test_the_table_of_a_healthy_stack() -> None:
    assert shown(READY, UPDATING).splitlines() == [
        "   endpoint      state           serves             req/s  errors    p95",
        "●  fraud-scorer  ready           champion v7 95 %     412  0.07 %  38 ms",
        "                                 challenger v8 5 %",
        "                                 shadow v9 0 %",
        "◐  ranker        updating 4 min  one v8 → v9         0.05    25 %  1.3 s",
        "",
        "1 ready, 1 updating · figures of the minute to 14:13:20",
        "prod at https://prod.cloud.databricks.com · 14:13:20 UTC",
    ]


def test_a_failure_is_explained_below_the_table() -> None:
    assert shown(BROKEN).splitlines()[1:7] == [
        "✗  churn     failed  one v8 (v9 failed)",
        "",
        "churn  the last update failed; what served before still does",
        "       one (main.ml.fraud v9) failed: pip could not resolve numpy==9.9",
        "         Collecting numpy==9.9",
        "         ERROR: No matching distribution found for numpy==9.9",
    ]


def test_an_update_is_shown_in_detail() -> None:
    lines = shown(UPDATING, detailed=True).splitlines()
    assert lines[0] == "◐ ranker  updating 4 min (since 14:09:00 UTC)"
    assert lines[3].split() == ["one", "v8", "→", "v9", "95", "→", "50", "%", "creating"]
    assert lines[5:7] == ["  one    Building container image for served entity.", "           Step 3/9"]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("detailed", [False, True])
def test_every_view_fits_the_terminal(width: int, *, detailed: bool) -> None:
    lines = shown(READY, UPDATING, BROKEN, *OTHERS, width=width, detailed=detailed).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


def test_every_state_is_shown_and_documented() -> None:
    table, page = shown(READY, UPDATING, BROKEN, *OTHERS, width=120), PAGE.read_text(encoding="utf-8")
    for state in State:
        assert state.value.replace("_", " ") in table
        assert f"| `{state.value}` |" in page


def test_every_member_of_the_json_is_documented() -> None:
    document = json_status(StackStatus("prod", "https://example.com", NOW, (READY, UPDATING), notes=("a note",)))
    page = PAGE.read_text(encoding="utf-8")
    endpoint = document["endpoints"][1]
    members = {*document, *endpoint, *endpoint["entities"][0], *endpoint["figures"], *endpoint["entities"][0]["active"]}
    assert [name for name in sorted(members) if f"{name}`" not in page and f"{name}[]`" not in page] == []


@pytest.mark.parametrize(
    ("endpoints", "status"),
    [
        ((READY, UPDATING), 0),
        ((READY, dataclasses.replace(READY, drift=("traffic differs",))), 2),
        ((READY, EndpointStatus("new", "new", State.NOT_DEPLOYED)), 2),
        ((READY, BROKEN), 1),
        ((EndpointStatus("a", "a", State.MISSING), EndpointStatus("b", "b", State.NOT_DEPLOYED)), 1),
        ((EndpointStatus("a", "a", State.UNREADABLE),), 1),
        ((EndpointStatus("a", "a", State.NOT_READY),), 1),
        ((EndpointStatus("a", "a", State.STOPPED),), 0),
        ((EndpointStatus("a", "a", State.STOPPED, drift=("it is stopped",)),), 1),
    ],
)
def test_the_exit_status_is_that_of_the_worst(endpoints: tuple[EndpointStatus, ...], status: int) -> None:
    assert StackStatus("prod", "https://example.com", NOW, endpoints).exit_status == status


def test_a_change_is_one_line() -> None:
    changes = Changes()
    first = StackStatus("prod", "https://example.com", NOW, (READY, UPDATING))
    after = dataclasses.replace(first, endpoints=(READY, dataclasses.replace(BROKEN, key="ranker")))
    assert len([*changes.lines(first)]) == 2
    assert [*changes.lines(first)] == []
    (line,) = changes.lines(after)
    assert line == (
        "14:13:20 ranker: failed; one v8 (v9 failed); the last update failed; what served before still does;"
        " one (main.ml.fraud v9) failed: pip could not resolve numpy==9.9;"
        ' differs from the stack files: "one": entity_version 8 instead of 9'
    )
