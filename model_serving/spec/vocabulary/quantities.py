"""Numbers that a stack file writes with a unit: `10m`, `80ms`, `1%`, `1.2x`.

A number without its unit is refused. In Python each is a float of one unit, and `str` gives the text of a stack file.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from model_serving.databricks.limits import REQUEST_SECONDS
from model_serving.measures import duration_text, exact_latency_text, percent_text
from model_serving.spec.files.secrets import is_secret
from model_serving.spec.vocabulary.types import refused

_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_DECIMALS: Final = 9
"""Enough that neither a unit nor a share of it shows the error of binary fractions."""


class Quantity(float):
    """A number with a unit. Its subclasses say which units there are, and what one of each counts for."""

    UNITS: ClassVar[Mapping[str, float]]
    """Units, smallest first, by what one of them counts for in Python."""

    KIND: ClassVar[str]
    """What it is, for messages and for the tables of docs/stack-files.md."""

    EXAMPLES: ClassVar[tuple[str, ...]]

    LARGEST: ClassVar[float] = math.inf
    """In the unit of Python. All are more than 0."""

    @classmethod
    def pattern(cls) -> str:
        """The regular expression of its texts."""
        return rf"^{_NUMBER}({'|'.join(cls.UNITS)})$"

    @classmethod
    def parse(cls, text: Any) -> Self:
        """The number of a text with a unit. Raises PydanticCustomError, with a hint, for anything else."""
        if isinstance(text, cls):
            return text
        if is_secret(text):
            raise PydanticCustomError("secret", "can't be secret")
        match = re.fullmatch(rf"({_NUMBER})({'|'.join(cls.UNITS)})", text) if isinstance(text, str) else None
        if match is None:
            raise refused(*cls._refusal(text))
        quantity = cls(round(float(match[1]) * cls.UNITS[match[2]], _DECIMALS))
        if not 0 < quantity <= cls.LARGEST:
            most = f" and at most {cls(cls.LARGEST)}" if math.isfinite(cls.LARGEST) else ""
            raise refused(f"is not more than 0{most}", f"Write it as {_either(cls.EXAMPLES)}")
        return quantity

    @classmethod
    def _refusal(cls, found: Any) -> tuple[str, str]:
        """The message and the hint for what is no text with a unit."""
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        if is_number or (isinstance(found, str) and re.fullmatch(_NUMBER, found)):
            return "has no unit", f"Write it with its unit: {_either(f'{found}{unit}' for unit in cls.UNITS)}"
        return f"is not a {cls.KIND}", f"Write it as {_either(cls.EXAMPLES)}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(str)
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": cls.pattern(), "examples": list(cls.EXAMPLES)}

    @property
    def text(self) -> str:
        """The text for people, as figures are written: `10 min`, `80 ms`, `1 %`, `1.2x`."""
        return str(self)

    def __str__(self) -> str:
        """The text of a stack file, in the largest unit that leaves a whole number."""
        texts = [(unit, round(float(self) / counts, _DECIMALS)) for unit, counts in self.UNITS.items()]
        unit, number = next(
            ((unit, number) for unit, number in reversed(texts) if number >= 1 and number.is_integer()), texts[0]
        )
        return f"{number:.{_DECIMALS}f}".rstrip("0").rstrip(".") + unit


def _either(texts: Iterable[str]) -> str:
    """`90s, 10m or 1h`."""
    *others, last = texts
    return f"{', '.join(others)} or {last}" if others else last


class Duration(Quantity):
    """A time to wait, in seconds."""

    UNITS: ClassVar = {"s": 1, "m": 60, "h": 3600}
    KIND: ClassVar = "duration"
    EXAMPLES: ClassVar = ("90s", "10m", "1h")

    @property
    def text(self) -> str:
        return duration_text(self)


class Latency(Quantity):
    """The time of a request, in milliseconds."""

    UNITS: ClassVar = {"ms": 1, "s": 1000}
    KIND: ClassVar = "latency"
    LARGEST: ClassVar = REQUEST_SECONDS * 1000
    EXAMPLES: ClassVar = ("80ms", "1.5s")

    @property
    def text(self) -> str:
        return exact_latency_text(self)


class Percent(Quantity):
    """A part of a whole, as a fraction from 0 to 1."""

    UNITS: ClassVar = {"%": 0.01}
    KIND: ClassVar = "percentage"
    LARGEST: ClassVar = 1
    EXAMPLES: ClassVar = ("1%", "0.5%")

    @property
    def text(self) -> str:
        return percent_text(self)


class Factor(Quantity):
    """How many times another figure."""

    UNITS: ClassVar = {"x": 1}
    KIND: ClassVar = "factor"
    EXAMPLES: ClassVar = ("1.2x", "2x")
