"""A shadow run: what a served entity would have answered in place of the live split."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from model_serving.operations.connection import Connection
from model_serving.operations.shadow.answer_figures import AnswerFigures, figures_of
from model_serving.operations.shadow.comparison import DEFAULT_TOLERANCE, Comparison, compare, field_reports
from model_serving.operations.shadow.recorded import Recorded
from model_serving.operations.shadow.replay import Exchange, Progress, Replay, Side
from model_serving.operations.shadow.report import ShadowReport, TextLengths

DEFAULT_RATE: Final = 5.0
"""Requests a second."""

DEFAULT_CONCURRENCY: Final = 4


def run_shadow(
    connection: Connection,
    entity: str,
    requests: Sequence[Recorded],
    rate: float = DEFAULT_RATE,
    concurrency: int = DEFAULT_CONCURRENCY,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    source: str = "given requests",
    skipped: Mapping[str, int] | None = None,
    progress: Progress = lambda _done, _all: None,
) -> ShadowReport:
    """Replay requests against a served entity and compare its answers with the live ones.

    `rate` is in requests a second, `tolerance` is relative. A request without a recorded answer is sent to the
    endpoint, too. Raises UserError where the caller is refused, the entity does not exist, or nothing is answered.
    """
    began = time.monotonic()
    exchanges = Replay(connection, entity, rate, concurrency, progress).exchanges(requests)
    _require_an_answer(exchanges)
    comparisons = _comparisons(exchanges, tolerance)
    compared = [each for each in exchanges if not each.live.error]
    return ShadowReport(
        endpoint=connection.address.key,
        entity=entity,
        source=source,
        recorded=all(recorded.answer is not None for recorded in requests),
        compared=len(compared),
        agreeing=sum(comparison.agrees for comparison in comparisons),
        live=_figures([each.live for each in exchanges]),
        shadow=_figures([each.shadow for each in exchanges]),
        fields=field_reports(comparisons),
        texts=_texts(comparisons),
        skipped=skipped or {},
        seconds=time.monotonic() - began,
        tolerance=tolerance,
    )


def _require_an_answer(exchanges: Sequence[Exchange]) -> None:
    """Raise the first reason if none of the requests was answered."""
    reasons = [each.shadow.unreachable for each in exchanges]
    if exchanges and all(reasons) and reasons[0]:
        raise reasons[0]


def _comparisons(exchanges: Sequence[Exchange], tolerance: float) -> list[Comparison]:
    """The comparisons of requests that both sides answered well."""
    good = [each for each in exchanges if not each.live.error and not each.shadow.error]
    return [compare(each.live.body, each.shadow.body, tolerance) for each in good]


def _figures(sides: Sequence[Side]) -> AnswerFigures:
    times = [side.milliseconds for side in sides if not side.error and side.milliseconds is not None]
    return figures_of(times, (side.error for side in sides if side.error))


def _texts(comparisons: Sequence[Comparison]) -> TextLengths | None:
    lengths = [each.lengths for each in comparisons if each.lengths]
    if not lengths:
        return None
    live, shadow = (sum(side) / len(lengths) for side in zip(*lengths, strict=True))
    return TextLengths(live, shadow)
