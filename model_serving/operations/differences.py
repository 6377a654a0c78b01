"""Where two answers differ, place by place."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Absent:
    """What stands for a value that one of the two doesn't have."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = Absent()
TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class Difference:
    """One place, as in `predictions[0].score`, and what stands there in each."""

    place: str
    left: Any
    right: Any

    def __str__(self) -> str:
        return f"{self.place or 'the answer'}: {self.left!r} and {self.right!r}"


def differences(left: Any, right: Any, place: str = "") -> Iterator[Difference]:
    """Every place where two answers differ, in the order of the left one."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            inner = f"{place}.{key}" if place else str(key)
            yield from differences(left.get(key, ABSENT), right.get(key, ABSENT), inner)
    elif isinstance(left, list) and isinstance(right, list):
        for index in range(max(len(left), len(right))):
            each = [side[index] if index < len(side) else ABSENT for side in (left, right)]
            yield from differences(each[0], each[1], f"{place}[{index}]")
    elif left != right or isinstance(left, bool) != isinstance(right, bool):
        yield Difference(place, left, right)


def unmet(expected: Any, found: Any) -> list[str]:
    """What an answer lacks of what was expected. Members that nobody expects and a millionth don't count."""
    return [
        f"{each.place or 'the answer'}: expected {each.left!r}, found {each.right!r}"
        for each in differences(expected, found)
        if not (_is_unexpected_member(each) or _is_close(each.left, each.right))
    ]


def _is_unexpected_member(each: Difference) -> bool:
    """An element more in a list is a difference, a member more in a map is not."""
    return each.left is ABSENT and not each.place.endswith("]")


def _is_close(left: Any, right: Any) -> bool:
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
    return numbers and math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
