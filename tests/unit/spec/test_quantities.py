"""Numbers with a unit: what they count for, and their text."""

import pytest
from pydantic import TypeAdapter, ValidationError

from model_serving.spec.vocabulary.quantities import Duration, Factor, Latency, Percent, Quantity


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        (Duration, "90s", 90),
        (Duration, "10m", 600),
        (Duration, "1h", 3600),
        (Duration, "0.5h", 1800),
        (Latency, "80ms", 80),
        (Latency, "1.5s", 1500),
        (Percent, "1%", 0.01),
        (Percent, "0.1%", 0.001),
        (Percent, "100%", 1),
        (Factor, "1.2x", 1.2),
    ],
)
def test_text_is_a_number_of_one_unit(kind: type[Quantity], text: str, number: float) -> None:
    assert TypeAdapter(kind).validate_python(text) == number


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Duration(90), "90s"),
        (Duration(600), "10m"),
        (Duration(5400), "90m"),
        (Duration(3600), "1h"),
        (Duration(0.5), "0.5s"),
        (Latency(80), "80ms"),
        (Latency(1500), "1500ms"),
        (Latency(2000), "2s"),
        (Percent(0.01), "1%"),
        (Percent(0.001), "0.1%"),
        (Percent(0.07), "7%"),
        (Factor(1.2), "1.2x"),
    ],
)
def test_number_is_written_as_text(quantity: Quantity, text: str) -> None:
    assert f"{quantity}" == text
    assert type(quantity).parse(text) == quantity


@pytest.mark.parametrize("written", ["10", "10 m", "m", "-1m", "1h30m", "1e3s", "", "10d", 10, 1.5, None, True, ["1m"]])
def test_anything_without_its_unit_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(written)
