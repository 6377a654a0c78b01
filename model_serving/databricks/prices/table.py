"""DBU per hour by workload type and cloud: each figure with its source and the day on which the source had it.

Databricks names the sizes of GPUs on its price page differently from the workload types of the API; the hardware links
the two. Source of the hardware: documentation, "Create custom model serving endpoints", GPU workload types.

The price pages can't be read by a program. The figures come from a transcript of one and from the data of Databricks
Labs' estimator, which is what `source` says; two other transcripts agree with them. None was compared with a bill. A
workload type without a figure is in UNKNOWN, and is reported as unknown.

A unit of CPU is one concurrent request. A unit of GPU is a replica, which serves four concurrent requests. Source:
Databricks Labs' Lakemeter, issue 34 of August 2026, which cites Databricks' documentation.

Feature specs are billed as models are, for the compute that is allocated, and a launch after scaling to zero has a
charge of its own. Source: Databricks' technical blog, Attributing costs in Databricks Model Serving.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

REPLICA: Final = 4
"""Concurrent requests of one GPU replica."""


class Cloud(StrEnum):
    """Where a workspace runs; figures differ between them."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


@dataclass(frozen=True)
class Figure:
    """DBU per hour that one unit of a workload type is billed while it is provisioned."""

    workload_type: str
    cloud: Cloud
    dbu_per_hour: Decimal
    hardware: str
    source: str
    as_of: date


_PRICE_PAGE: Final = "price page databricks.com/product/pricing/model-serving (AWS, Premium), from a transcript"
_LAKEMETER: Final = "price data of Databricks Labs' Lakemeter (github.com/databrickslabs/lakemeter-oss)"
_MAY: Final = date(2026, 5, 28)
_DECEMBER: Final = date(2025, 12, 31)

FIGURES: Final = (
    Figure("CPU", Cloud.AWS, Decimal("1.00"), "CPU", _LAKEMETER, _DECEMBER),
    Figure("CPU", Cloud.AZURE, Decimal("1.00"), "CPU", _LAKEMETER, _DECEMBER),
    Figure("CPU", Cloud.GCP, Decimal("1.00"), "CPU", _LAKEMETER, _DECEMBER),
    Figure("GPU_SMALL", Cloud.AWS, Decimal("10.48"), "T4", _PRICE_PAGE, _MAY),
    Figure("GPU_SMALL", Cloud.AZURE, Decimal("10.48"), "T4", _LAKEMETER, _DECEMBER),
    Figure("GPU_MEDIUM", Cloud.AWS, Decimal("20.00"), "A10G", _PRICE_PAGE, _MAY),
    Figure("GPU_MEDIUM", Cloud.GCP, Decimal("5.00"), "L4 (g2-standard-8)", _LAKEMETER, _DECEMBER),
    Figure("GPU_LARGE", Cloud.AZURE, Decimal("78.60"), "A100 80 GB", _LAKEMETER, _DECEMBER),
    Figure("MULTIGPU_MEDIUM", Cloud.AWS, Decimal("112.00"), "4 x A10G", _PRICE_PAGE, _MAY),
)

UNKNOWN: Final[Mapping[str, str]] = {
    "CPU_MEDIUM": "no source names its DBU",
    "CPU_LARGE": "no source names its DBU",
    "GPU_XLARGE": "no source names its DBU",
    "GPU_XLARGE_8": "no source names its DBU",
}
"""Workload types without a figure on any cloud, with the reason."""

_HOSTS: Final = {
    ".azuredatabricks.net": Cloud.AZURE,
    ".gcp.databricks.com": Cloud.GCP,
    ".cloud.databricks.com": Cloud.AWS,
}
"""How the names of workspaces end. Source: documentation, workspace instance names."""


def cloud_of(host: str) -> Cloud | None:
    """The cloud of a workspace by its address; None for an address that says nothing, such as a domain of your own."""
    name = host.removeprefix("https://").partition("/")[0].partition(":")[0].lower()
    return next((cloud for ending, cloud in _HOSTS.items() if name.endswith(ending)), None)


def units(workload_type: str, concurrency: int) -> Decimal:
    """The units that are billed for so many concurrent requests; whole replicas on GPUs."""
    if workload_type.startswith("CPU"):
        return Decimal(concurrency)
    return Decimal(-(-concurrency // REPLICA))


def figure(workload_type: str, cloud: Cloud | None) -> Decimal | None:
    """DBU per hour of one unit. None where no source has it; without a cloud, where clouds differ or one is unknown."""
    found = {each.cloud: each.dbu_per_hour for each in FIGURES if each.workload_type == workload_type}
    if cloud:
        return found.get(cloud)
    same = set(found.values())
    return next(iter(same)) if len(same) == 1 and len(found) == len(Cloud) else None


def as_of(workload_type: str, cloud: Cloud | None) -> date | None:
    """The oldest day of the figures that `figure` returns; None where it returns None."""
    if figure(workload_type, cloud) is None:
        return None
    return min(each.as_of for each in FIGURES if each.workload_type == workload_type and cloud in {None, each.cloud})
