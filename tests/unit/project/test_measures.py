"""How durations, latencies and percentages are written, in every command and report."""

import pytest

from model_serving.measures import duration_text, elapsed_text, exact_latency_text, latency_text, percent_text
from model_serving.spec.vocabulary.quantities import Duration, Factor, Latency, Percent


def test_durations_are_exact_to_the_second() -> None:
    shown = [duration_text(each) for each in (0, 45, 90, 600, 5400, 3601)]
    assert shown == ["0 s", "45 s", "1 min 30 s", "10 min", "1 h 30 min", "1 h"]


def test_elapsed_time_has_one_unit() -> None:
    assert [elapsed_text(each) for each in (-1, 119, 750, 3 * 3600)] == ["0 s", "119 s", "12 min", "3 h"]


def test_latencies_have_a_few_digits() -> None:
    assert [latency_text(each) for each in (None, 3.94, 2, 38.2, 1234)] == ["", "3.9 ms", "2 ms", "38 ms", "1.2 s"]


def test_latency_beside_its_bound_is_exact() -> None:
    assert [exact_latency_text(each) for each in (80, 80.4, 1204)] == ["80 ms", "80.4 ms", "1,204 ms"]


def test_percentages_keep_small_parts() -> None:
    shown = [percent_text(each) for each in (0, 0.00001, 0.0007, 1 / 12, 0.03, 1)]
    assert shown == ["0 %", "< 0.01 %", "0.07 %", "8.33 %", "3 %", "100 %"]


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Duration.parse("10m"), "10 min"),
        (Latency.parse("80ms"), "80 ms"),
        (Percent.parse("0.5%"), "0.5 %"),
        (Factor.parse("1.2x"), "1.2x"),
    ],
)
def test_quantities_are_written_like_figures(quantity: Duration, text: str) -> None:
    assert quantity.text == text
