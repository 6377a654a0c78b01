"""Comparison of two answers to one request, and of all of them field by field.

Predictions agree when all their values do, numbers within the tolerance. Chat answers agree when their texts and tool
calls are the same: ids, times and token counts of an answer don't count.
"""

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_serving.operations.differences import ABSENT
from model_serving.operations.shadow.answer_figures import percentile
from model_serving.operations.shadow.chat_answers import spoken
from model_serving.operations.shadow.report import FieldReport, NumberDifferences

DEFAULT_TOLERANCE: Final = 1e-6
_INDEX: Final = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Value:
    """One value of both answers; `distance` is the absolute difference of two numbers."""

    path: str
    agrees: bool
    distance: float | None = None


@dataclass(frozen=True)
class Comparison:
    """The compared values of two answers, and the lengths of their texts where both are chat answers."""

    values: Sequence[Value]
    lengths: tuple[int, int] | None = None

    @property
    def agrees(self) -> bool:
        """Whether all values agree."""
        return all(value.agrees for value in self.values)


def compare(live: Any, shadow: Any, tolerance: float = DEFAULT_TOLERANCE) -> Comparison:
    """The comparison of two answers. `tolerance` is relative, and absolute near zero."""
    said, shadow_said = spoken(live), spoken(shadow)
    if said is None or shadow_said is None:
        return Comparison([*_values(live, shadow, tolerance, "")])
    return Comparison([*_values(said.parts, shadow_said.parts, tolerance, "")], (said.length, shadow_said.length))


def field_reports(comparisons: Sequence[Comparison]) -> tuple[FieldReport, ...]:
    """The fields that differ in at least one comparison, those that differ most often first."""
    fields: Mapping[str, list[Value]] = defaultdict(list)
    for comparison in comparisons:
        for value in comparison.values:
            fields[_INDEX.sub("[]", value.path)].append(value)
    reports = (_field_report(path, values) for path, values in fields.items())
    return tuple(sorted((each for each in reports if each.differing), key=lambda each: -each.differing))


def _field_report(path: str, values: Sequence[Value]) -> FieldReport:
    differing = sum(not value.agrees for value in values)
    distances = [value.distance for value in values if value.distance is not None]
    return FieldReport(path or "the answer", len(values), differing, _numbers(distances) if distances else None)


def _numbers(distances: Sequence[float]) -> NumberDifferences:
    p50, p95 = percentile(distances, 50), percentile(distances, 95)
    return NumberDifferences(statistics.fmean(distances), p50, p95, max(distances))


def _values(left: Any, right: Any, tolerance: float, path: str) -> Iterator[Value]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            inner = f"{path}.{key}" if path else str(key)
            yield from _values(left.get(key, ABSENT), right.get(key, ABSENT), tolerance, inner)
    elif isinstance(left, list) and isinstance(right, list):
        for index in range(max(len(left), len(right))):
            each = [side[index] if index < len(side) else ABSENT for side in (left, right)]
            yield from _values(each[0], each[1], tolerance, f"{path}[{index}]")
    elif _is_number(left) and _is_number(right):
        close = math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)
        yield Value(path, close, abs(left - right))
    else:
        yield Value(path, left == right and isinstance(left, bool) == isinstance(right, bool))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
