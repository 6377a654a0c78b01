"""Cost and capacity of a stack before and after a change, and how each format shows them."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.prices.capacity import Demand
from model_serving.databricks.prices.cost import PriceList
from model_serving.databricks.prices.table import Cloud
from model_serving.databricks.resource_types import ENDPOINT_STOP
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Purpose, Report
from model_serving.review.assess.stack_cost import Pricing, declared_pricing
from model_serving.review.plan.events import from_events
from model_serving.review.render import cost_text
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import markdown
from model_serving.review.render.terminal import text

Event = dict[str, Any]
Planned = Callable[..., Event]
Inputs = Callable[..., dict[str, Any]]
EUROS = Pricing(PriceList(Decimal("0.07"), "EUR", Cloud.AWS))


def serving(inputs: Inputs, size: str | None = "Small", share: int = 100, **entity: Any) -> dict[str, Any]:
    """Inputs with a champion of this size; with a share of less than 100 a small challenger has the rest."""
    result = inputs("fraud")
    champion = result["config"]["servedEntities"][0]
    champion |= {"workloadSize": size, **entity}
    routes = result["config"]["trafficConfig"]["routes"]
    if share < 100:
        result["config"]["servedEntities"].append({**champion, "name": "challenger", "workloadSize": "Small"})
        routes[0]["trafficPercentage"] = share
        routes.append({"servedModelName": "challenger", "trafficPercentage": 100 - share})
    return result


def reported(*events: Event, pricing: Pricing | None = None, **options: Any) -> Report:
    return report(from_events([*events, {"summaryEvent": {}}]), pricing=pricing, **options)


def lines(found: Report) -> list[str]:
    return [*map(str, cost_text.changes(found.cost)), *map(str, map(cost_text.capacity, found.cost.capacities))]


@pytest.fixture
def larger(plan: Planned, inputs: Inputs) -> Event:
    return plan("update", "fraud", serving(inputs), serving(inputs, "Medium"), diffs=["config"])


def test_size_change_is_shown_in_dbu(larger: Event) -> None:
    assert lines(reported(larger)) == ["fraud: 4 → 8-16 DBU/h"]


def test_price_gives_money_per_hour_and_month(larger: Event) -> None:
    found = reported(larger, pricing=EUROS)
    assert lines(found) == ["fraud: 4 → 8-16 DBU/h, 0.28 → 0.56-1.12 EUR/h, 204 → 409-818 EUR/month"]


def test_unchanged_endpoints_count_in_the_total_only(larger: Event, plan: Planned, inputs: Inputs) -> None:
    other = plan("same", "other", serving(inputs, "Large"), serving(inputs, "Large"))
    assert lines(reported(larger, other)) == ["fraud: 4 → 8-16 DBU/h", "Whole stack: 20-68 → 24-80 DBU/h"]


def test_total_is_left_out_where_sizes_are_missing(larger: Event, plan: Planned) -> None:
    assert lines(reported(larger, plan("same", "other", {}, {}))) == ["fraud: 4 → 8-16 DBU/h"]


def test_new_and_deleted_endpoints_are_zero_on_one_side(plan: Planned, inputs: Inputs) -> None:
    events = (plan("create", "new", None, serving(inputs)), plan("delete", "old", serving(inputs, "Large"), None))
    assert lines(reported(*events)) == [
        "new: 0 → 4 DBU/h",
        "old: 16-64 → 0 DBU/h",
        "Whole stack: 16-64 → 4 DBU/h",
    ]


def test_retained_endpoint_goes_on_to_cost(plan: Planned, inputs: Inputs) -> None:
    event = plan("delete", "fraud", serving(inputs), None)
    event["resourcePreEvent"]["metadata"]["old"]["retainOnDelete"] = True
    assert lines(reported(event)) == []


def test_scale_to_zero_costs_nothing_while_idle(plan: Planned, inputs: Inputs) -> None:
    after = serving(inputs, scaleToZeroEnabled=True)
    assert lines(reported(plan("update", "fraud", serving(inputs), after, diffs=["config"]))) == [
        "fraud: 4 → 0-4 DBU/h"
    ]


@pytest.mark.parametrize(("op", "expected"), [("create", "fraud: 4 → 0 DBU/h"), ("delete", "fraud: 0 → 4 DBU/h")])
def test_stopped_endpoint_costs_nothing(op: str, expected: str, plan: Planned, inputs: Inputs) -> None:
    same = plan("same", "fraud", serving(inputs), serving(inputs))
    sides = (None, {"stopped": True}) if op == "create" else ({"stopped": True}, None)
    stop = plan(op, "fraud-stop", *sides, resource=ENDPOINT_STOP)
    stop["resourcePreEvent"]["metadata"][("new" if op == "create" else "old")]["parent"] = same["resourcePreEvent"][
        "metadata"
    ]["new"]["parent"]
    assert lines(reported(same, stop)) == [expected]


def test_unknown_price_is_never_invented(plan: Planned, inputs: Inputs) -> None:
    after = serving(inputs, workloadType="GPU_XLARGE")
    found = reported(plan("update", "fraud", serving(inputs), after, diffs=["config"]), pricing=EUROS)
    assert lines(found) == [
        "fraud: 4 → unknown DBU/h, 0.28 → unknown EUR/h, 204 → unknown EUR/month; no DBU figure for GPU_XLARGE"
    ]


def test_traffic_alone_changes_no_cost(plan: Planned, inputs: Inputs) -> None:
    event = plan("update", "fraud", serving(inputs, share=95), serving(inputs, share=75), diffs=["config"])
    found = reported(event, pricing=EUROS)
    assert not found.cost
    assert "Cost and capacity" not in markdown(found) + text([found])
    assert json.loads(as_json([found]))["stacks"][0]["cost"] is None


def test_declared_load_shows_each_entity(plan: Planned, inputs: Inputs) -> None:
    event = plan("update", "fraud", serving(inputs, "Medium", 95), serving(inputs, "Medium", 40), diffs=["config"])
    pricing = Pricing(declared={"fraud": Demand(300, 40)})
    (line,) = lines(reported(event, pricing=pricing))
    load, _, entities = line.partition("; ")
    assert load == "fraud: 300 requests a second of 40 ms (declared) need 12 at once"
    assert entities == "champion (40 %) needs 4.8 of 16, ⚠️ challenger (60 %) needs 8 and has 4"


def test_fallback_without_traffic_is_judged_by_all_of_it(plan: Planned, inputs: Inputs) -> None:
    after = serving(inputs, "Medium", 0)
    event = plan("update", "fraud", serving(inputs, "Medium", 95), after, diffs=["config"])
    found = reported(event, pricing=Pricing(measured={"fraud": Demand(31.4, 52.25, measured=True)}))
    (line,) = lines(found)
    load, _, entities = line.partition("; ")
    assert load == "fraud: 31.4 requests a second of 52.25 ms (last minute) need 1.6 at once"
    assert entities == "champion (0 %) has 16, enough for all of it, challenger (100 %) needs 1.6 of 4"


def test_unreadable_metrics_are_a_word(larger: Event) -> None:
    found = reported(larger, pricing=Pricing(measured={"fraud": "403 you may not", "other": "unchanged"}))
    assert [*map(str, cost_text.unread(found.cost))] == ["Metrics of fraud can't be read: 403 you may not"]
    assert "Metrics of `fraud` can't be read" in markdown(found)


def test_figures_decide_nothing(larger: Event) -> None:
    busy = Pricing(EUROS.prices, {"fraud": Demand(9000, 900)}, {"fraud": Demand(1, 1, measured=True)})
    plain, priced = reported(larger), reported(larger, pricing=busy)
    assert priced.digest == plain.digest
    assert priced.digest
    assert (priced.verdict, priced.risk) == (plain.verdict, plain.risk)


def test_drift_and_failures_show_no_cost(larger: Event) -> None:
    assert not reported(larger, purpose=Purpose.DRIFT).cost
    assert not report(from_events([larger])).cost


def test_json_has_amounts_as_text(larger: Event) -> None:
    (stack,) = json.loads(as_json([reported(larger, pricing=EUROS)]))["stacks"]
    assert stack["cost"]["endpoints"][0]["after"] == {
        "dbu_per_hour": {"low": "8", "high": "16"},
        "currency": "EUR",
        "per_hour": {"low": "0.56", "high": "1.12"},
        "per_month": {"low": "408.8", "high": "817.6"},
        "concurrency": {"low": 8, "high": 16},
        "unpriced": [],
        "as_of": "2025-12-31",
    }


def test_terminal_and_comment_say_the_same(larger: Event) -> None:
    found = reported(larger, pricing=EUROS)
    said = "4 → 8-16 DBU/h, 0.28 → 0.56-1.12 EUR/h, 204 → 409-818 EUR/month"
    assert said in markdown(found)
    assert said in text([found], width=200)
    assert "From idle to fully scaled. DBU as of December 2025, without discounts, networking and tax" in markdown(
        found
    )


def test_pricing_is_read_from_stack_files(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(
        """config:
  databricks:host: https://adb-1.7.azuredatabricks.net
  model-serving:prices: {per_dbu: 0.082}
  model-serving:endpoints:
    fraud:
      served_entities: {a: {entity: main.ml.x, version: 7, workload_size: Small}}
      expected: {requests_per_second: 50, time_per_request: 0.5s}
"""
    )
    found = declared_pricing("dev", tmp_path)
    assert found.prices == PriceList(Decimal("0.082"), "USD", Cloud.AZURE)
    assert found.prices.day("GPU_LARGE") == date(2025, 12, 31)
    assert found.declared == {"fraud": Demand(50, 500)}
    assert declared_pricing("gone", tmp_path) == Pricing()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text("config: [wrong]\n")
    assert declared_pricing("dev", tmp_path) == Pricing()
