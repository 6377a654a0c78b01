"""Figures have a source and a date, and cost and capacity follow from them."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from model_serving.databricks.prices.capacity import Capacity, Demand, capacities
from model_serving.databricks.prices.cost import SIZE_NOT_KNOWN, Cost, PriceList, Size, Span, cost, size, total
from model_serving.databricks.prices.reference_docs import FILE, with_table
from model_serving.databricks.prices.table import FIGURES, UNKNOWN, Cloud, Figure, cloud_of, figure
from model_serving.spec.introspection import bare
from model_serving.spec.loading import load_stack
from model_serving.spec.vocabulary.served_entity import WorkloadType

SMALL = size("Small", None)
PRICED = PriceList(Decimal("0.07"), "USD", Cloud.AWS)


def span(low: str, high: str) -> Span:
    return Span(Decimal(low), Decimal(high))


@pytest.mark.parametrize("row", FIGURES, ids=lambda row: f"{row.workload_type}-{row.cloud}")
def test_each_figure_has_source_and_date(row: Figure) -> None:
    assert row.source
    assert date(2025, 1, 1) < row.as_of < date(2100, 1, 1)
    assert row.dbu_per_hour > 0


def test_each_workload_type_has_figure_or_is_unknown() -> None:
    figured = {each.workload_type for each in FIGURES}
    assert figured | set(UNKNOWN) == set(get_args(bare(WorkloadType)))
    assert figured & set(UNKNOWN) == set()


def test_no_figure_is_there_twice() -> None:
    keys = [(each.workload_type, each.cloud) for each in FIGURES]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("host", "cloud"),
    [
        ("https://adb-1234567890123456.7.azuredatabricks.net", Cloud.AZURE),
        ("https://1234567890123456.7.gcp.databricks.com/", Cloud.GCP),
        ("dbc-a1b2.cloud.databricks.com", Cloud.AWS),
        ("http://127.0.0.1:8787", None),
        ("https://azuredatabricks.net.example.com", None),
    ],
)
def test_workspace_address_names_the_cloud(host: str, cloud: Cloud | None) -> None:
    assert cloud_of(host) is cloud


def test_without_cloud_only_common_figures_count() -> None:
    assert figure("CPU", None) == Decimal(1)
    assert figure("GPU_MEDIUM", None) is None
    assert figure("GPU_SMALL", None) is None
    assert (figure("GPU_MEDIUM", Cloud.AWS), figure("GPU_MEDIUM", Cloud.GCP)) == (Decimal(20), Decimal(5))
    assert figure("GPU_XLARGE", Cloud.AWS) is None


@pytest.mark.parametrize(
    ("entity", "dbu"),
    [
        (size("Small", None), span("4", "4")),
        (size("Medium", "CPU"), span("8", "16")),
        (size("Large", None, scales_to_zero=True), span("0", "64")),
        (size(None, "CPU", (0, 32)), span("0", "32")),
        (size("Small", "GPU_MEDIUM"), span("20", "20")),
        (size("Medium", "GPU_SMALL"), span("20.96", "41.92")),
        (size(None, "GPU_SMALL", (4, 12)), span("10.48", "31.44")),
    ],
)
def test_dbu_follow_from_size_and_type(entity: Size, dbu: Span) -> None:
    assert cost([entity], PRICED).dbu_per_hour == dbu


def test_money_is_exact_per_hour_and_month() -> None:
    found = cost([SMALL, size("Medium", None)], PRICED)
    assert found.per_hour == span("0.84", "1.40")
    assert found.per_month == span("613.20", "1022.00")
    assert found.concurrency == (12, 20)
    assert found.day == date(2025, 12, 31)


def test_unknown_type_has_no_invented_price() -> None:
    found = cost([SMALL, size("Small", "GPU_XLARGE")], PRICED)
    assert found.unpriced == ("GPU_XLARGE",)
    assert not found.known
    assert found.dbu_per_hour == span("4", "4")
    assert cost([size(None, None)], PRICED).unpriced == (SIZE_NOT_KNOWN,)


def test_own_figures_count_before_the_table() -> None:
    own = PriceList(dbu_per_hour={"GPU_XLARGE": Decimal("99.5"), "CPU": Decimal(2)})
    found = cost([size("Small", "GPU_XLARGE"), SMALL], own)
    assert found.dbu_per_hour == span("107.5", "107.5")
    assert (found.known, found.day, found.per_hour) == (True, None, None)


def test_stopped_endpoint_costs_nothing() -> None:
    found = cost([SMALL], PRICED, stopped=True)
    assert (found.dbu_per_hour, found.per_month) == (span("0", "0"), span("0", "0"))


def test_total_adds_up_what_is_known() -> None:
    every = [cost([SMALL], PRICED), cost([size("Small", "GPU_LARGE")], PRICED), cost([SMALL], PRICED)]
    assert total(every) == Cost(span("8", "8"), (12, 12), Decimal("0.07"), "USD", ("GPU_LARGE",), date(2025, 12, 31))
    assert total([]) == Cost()


def test_needed_concurrency_is_rate_by_time() -> None:
    demand = Demand(requests_per_second=150, milliseconds=40)
    champion, fallback = capacities(demand, {"champion": size("Medium", None), "fallback": SMALL}, {"champion": 100})
    assert demand.concurrency == pytest.approx(6)
    assert champion == Capacity("champion", 100, 6.0, 6.0, 16)
    assert fallback == Capacity("fallback", 0, 0.0, 6.0, 4)
    assert (champion.is_short, champion.is_short_alone) == (False, False)
    assert (fallback.is_short, fallback.is_short_alone) == (False, True)


def test_page_has_every_figure() -> None:
    """`python -m model_serving.databricks.prices.reference_docs` writes it."""
    page = FILE.read_text(encoding="utf-8")
    assert with_table(page) == page
    assert all(str(each.dbu_per_hour) in page and each.source in page for each in FIGURES)


def test_stack_file_of_the_page_loads(tmp_path: Path) -> None:
    section = FILE.read_text(encoding="utf-8").partition("## Cost and capacity")[2]
    written = section.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "Pulumi.dev.yaml").write_text(written)
    stack = load_stack("dev", tmp_path)
    prices = stack.prices.for_workspace(None)
    assert (prices.per_dbu, prices.rate("GPU_XLARGE"), prices.rate("GPU_MEDIUM")) == (
        Decimal("0.065"),
        Decimal("157.5"),
        Decimal(20),
    )
    expected = stack.endpoints["fraud-scorer"].expected
    assert expected
    assert expected.demand.concurrency == pytest.approx(12)
