"""The metrics of several endpoints as one text for Prometheus."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from model_serving.databricks.build_logs import log_lines


def one_text(texts: Sequence[str]) -> str:
    """The texts as one, each metric declared once. A single text stays as it is, without control characters."""
    if len(texts) == 1:
        return "".join(f"{line}\n" for line in log_lines(texts[0], width=None))
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - most commands need no metrics

    registry = CollectorRegistry()
    registry.register(_Families(texts))
    return generate_latest(registry).decode()


class _Families:
    """What prometheus_client collects: each family of metrics with the samples of all texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts

    def collect(self) -> Iterator[Any]:
        from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

        families: dict[str, Any] = {}
        for text in self._texts:
            for family in text_string_to_metric_families(text):
                known = families.setdefault(family.name, family)
                if known is not family:
                    known.samples += family.samples
        yield from families.values()
