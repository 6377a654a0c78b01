"""Where two answers differ, value by value."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Absent:
    """Stands for a value that one of the two doesn't have."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = Absent()
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class Difference:
    """A path, as in `predictions[0].score`, and the value of each answer there."""

    path: str
    left: Any
    right: Any

    def __str__(self) -> str:
        return f"{self.path or 'the answer'}: {self.left!r} and {self.right!r}"


def differences(left: Any, right: Any, path: str = "") -> Iterator[Difference]:
    """Every value in which two answers differ, in the order of the left one."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(left.get(key, ABSENT), right.get(key, ABSENT), inner)
    elif isinstance(left, list) and isinstance(right, list):
        for index in range(max(len(left), len(right))):
            each = [side[index] if index < len(side) else ABSENT for side in (left, right)]
            yield from differences(each[0], each[1], f"{path}[{index}]")
    elif left != right or isinstance(left, bool) != isinstance(right, bool):
        yield Difference(path, left, right)


def unmet(expected: Any, found: Any) -> list[str]:
    """The differences from what is expected. Members that are not expected, and a relative millionth, don't count."""
    return [
        f"{each.path or 'the answer'}: expected {each.left!r}, found {each.right!r}"
        for each in differences(expected, found)
        if not (_is_unexpected_member(each) or _is_close(each.left, each.right))
    ]


def _is_unexpected_member(each: Difference) -> bool:
    """Whether a map has a member that is not expected; one more element of a list is a difference."""
    return each.left is ABSENT and not each.path.endswith("]")


def _is_close(left: Any, right: Any) -> bool:
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
    return numbers and math.isclose(left, right, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
