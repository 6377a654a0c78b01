"""The splits between an endpoint's live traffic and the declared one, for a rollout in steps.

A split maps served entities to whole percentages. All functions are pure, and depend on nothing but the split that is
live: a rollout that was stopped continues with exactly the splits that it had left.
"""

from collections.abc import Mapping, Sequence
from typing import Final

Split = Mapping[str, int]
_TOTAL: Final = 100


def gaining(live: Split, target: Split) -> frozenset[str]:
    """The served entities that receive more traffic under the target than they do now."""
    return frozenset(name for name, share in target.items() if share > live.get(name, 0))


def remaining_splits(live: Split, target: Split, steps: Sequence[int]) -> list[dict[str, int]]:
    """The splits that lie ahead of the live one, ending with the target; empty if the target is live.

    A step is the percentage of all traffic that the gaining entities receive together. Steps at or below what they
    have are skipped, and so are steps at or above what the target gives them. No gaining entity reaches its target
    before the end, so a step too close to the target is lower by up to one point for each of several such entities.

    Each split lies on the straight line from the one before it to the target, in whole points. An entity of `live` that
    the target doesn't have is in a split as long as it has traffic. Where no split is live, which is so for a new
    endpoint, the target is the only one.
    """
    if _served(live) == _served(target):
        return []
    splits: list[dict[str, int]] = []
    current = dict(live)
    for step in sorted(steps) if sum(live.values()) == _TOTAL else ():
        if (points := _points_to(step, current, target)) > 0:
            current = _moved(current, target, points)
            splits.append(current)
    return [*splits, dict(target)]


def _served(split: Split) -> dict[str, int]:
    return {name: share for name, share in split.items() if share}


def _points_to(step: int, current: Split, target: Split) -> int:
    """How many points a step moves. At most so many that each gaining entity has one left for the target."""
    gainers = gaining(current, target)
    ahead = sum(target[name] - current.get(name, 0) for name in gainers)
    received = sum(current.get(name, 0) for name in gainers)
    if step >= received + ahead:
        return 0
    return min(step - received, ahead - len(gainers))


def _moved(current: Split, target: Split, points: int) -> dict[str, int]:
    """The split after `points` moved from those that lose to those that gain, in proportion to what each still has."""
    gains = {name: target[name] - current.get(name, 0) - 1 for name in sorted(gaining(current, target))}
    losses = {name: share - target.get(name, 0) for name, share in current.items() if share > target.get(name, 0)}
    gained, lost = _apportioned(points, gains), _apportioned(points, dict(sorted(losses.items())))
    names = [*target, *(name for name in current if name not in target)]
    moved = {name: current.get(name, 0) + gained.get(name, 0) - lost.get(name, 0) for name in names}
    return {name: share for name, share in moved.items() if share or name in target}


def _apportioned(points: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Whole points in proportion to the weights (largest remainder), never more than a weight."""
    total = sum(weights.values())
    shares = {name: divmod(points * weight, total) for name, weight in weights.items()}
    left = points - sum(whole for whole, _ in shares.values())
    first = sorted(shares, key=lambda name: -shares[name][1])[:left]
    return {name: whole + (name in first) for name, (whole, _) in shares.items()}
