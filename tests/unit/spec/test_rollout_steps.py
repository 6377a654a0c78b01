"""The splits of a rollout: from any live split to any target, continued from wherever one was stopped."""

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest

from model_serving.spec.rollout_steps import gaining, remaining_splits

ROUNDS = 3000
NAMES = ("a", "b", "c", "d", "e", "f")


def split(chance: random.Random) -> dict[str, int]:
    """Whole shares of 100 for some of the names, zeros among them."""
    names = chance.sample(NAMES, chance.randint(1, len(NAMES)))
    cuts = sorted(chance.choice((0, 100, chance.randint(0, 100))) for _ in names[1:])
    shares = [end - begin for begin, end in pairwise([0, *cuts, 100])]
    return dict(zip(names, shares, strict=True))


def cases() -> Iterator[tuple[dict[str, int], dict[str, int], list[int]]]:
    chance = random.Random(13)  # noqa: S311  splits, no secrets
    for _ in range(ROUNDS):
        steps = sorted(chance.sample(range(1, 100), chance.randint(1, 6)))
        yield split(chance), split(chance), steps


def share(of: dict[str, int], names: frozenset[str]) -> int:
    return sum(of.get(name, 0) for name in names)


@pytest.mark.parametrize(
    ("live", "target", "steps", "expected"),
    [
        ({"old": 100}, {"old": 0, "new": 100}, [5, 50], [(95, 5), (50, 50), (0, 100)]),
        ({"old": 75, "new": 25}, {"old": 0, "new": 100}, [5, 25, 50], [(50, 50), (0, 100)]),
        ({"old": 100}, {"old": 50, "new": 50}, [5, 25, 50, 75], [(95, 5), (75, 25), (50, 50)]),
        ({"old": 0, "new": 100}, {"old": 100, "new": 0}, [50], [(50, 50), (100, 0)]),
        ({"old": 40, "new": 60}, {"old": 100, "new": 0}, [5, 25], [(100, 0)]),
        ({"old": 100}, {"old": 100, "new": 0}, [5], []),
        ({"old": 0, "new": 100}, {"new": 100}, [5], []),
        ({}, {"old": 0, "new": 100}, [5], [(0, 100)]),
    ],
    ids=["whole", "continued", "half", "back", "past the steps", "new entity", "old entity", "new endpoint"],
)
def test_two_entities_pass_each_step(
    live: dict[str, int], target: dict[str, int], steps: list[int], expected: list[tuple[int, int]]
) -> None:
    splits = remaining_splits(live, target, steps)
    assert [(each["old"], each["new"]) for each in splits] == expected


def test_several_entities_share_a_step() -> None:
    live, target = {"a": 60, "b": 40}, {"a": 0, "b": 10, "c": 60, "d": 30}
    assert remaining_splits(live, target, [30, 60]) == [
        {"a": 40, "b": 30, "c": 20, "d": 10},
        {"a": 20, "b": 20, "c": 40, "d": 20},
        target,
    ]


def test_removed_entity_stays_while_it_has_traffic() -> None:
    splits = remaining_splits({"a": 100, "b": 0}, {"c": 100}, [10, 50])
    assert splits == [{"a": 90, "c": 10}, {"a": 50, "c": 50}, {"c": 100}]


def test_each_split_sums_to_100() -> None:
    for live, target, steps in cases():
        for each in remaining_splits(live, target, steps):
            assert sum(each.values()) == 100
            assert set(target) <= set(each) <= set(live) | set(target)


def test_splits_never_move_away_from_the_target() -> None:
    for live, target, steps in cases():
        for before, after in pairwise([live, *remaining_splits(live, target, steps)]):
            for name in NAMES:
                now, then, end = (each.get(name, 0) for each in (before, after, target))
                assert min(now, end) <= then <= max(now, end)


def test_splits_end_with_the_target() -> None:
    for live, target, steps in cases():
        differs = any(live.get(name, 0) != target.get(name, 0) for name in NAMES)
        assert remaining_splits(live, target, steps)[-1:] == ([target] if differs else [])


def test_stopped_rollout_continues_with_the_same_splits() -> None:
    for live, target, steps in cases():
        splits = remaining_splits(live, target, steps)
        for n, reached in enumerate(splits):
            assert remaining_splits(reached, target, steps) == splits[n + 1 :], (live, target, steps)


def test_step_is_the_share_of_what_gains() -> None:
    for live, target, steps in cases():
        names = gaining(live, target)
        reached = [share(each, names) for each in remaining_splits(live, target, steps)[:-1]]
        highest = share(target, names) - len(names)
        expected = [min(step, highest) for step in steps if share(live, names) < step < share(target, names)]
        assert reached == sorted({step for step in expected if step > share(live, names)})


def test_splits_lie_on_a_straight_line() -> None:
    for live, target, steps in cases():
        names = gaining(live, target)
        for each in remaining_splits(live, target, steps)[:-1]:
            way = (share(each, names) - share(live, names)) / (share(target, names) - share(live, names))
            for name in NAMES:
                begin, end = live.get(name, 0), target.get(name, 0)
                assert abs(each.get(name, 0) - (begin + way * (end - begin))) < 4
