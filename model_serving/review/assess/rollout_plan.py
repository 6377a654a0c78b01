"""The steps that lie ahead of an endpoint's traffic, as `model-serving deploy` takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_serving.spec.rollout_steps import gaining, remaining_splits
from model_serving.spec.vocabulary.rollout import Rollout


@dataclass(frozen=True)
class RolloutStep:
    """One split on the way."""

    share: int
    """The percentage of all traffic that the entities which gain traffic receive together."""
    split: tuple[tuple[str, int], ...]
    """The percentage of each served entity."""

    @property
    def percentages(self) -> dict[str, int]:
        return dict(self.split)


@dataclass(frozen=True)
class RolloutPlan:
    """The way from the live split to the declared one."""

    declared: Rollout = field(hash=False)
    live: RolloutStep
    steps: tuple[RolloutStep, ...]
    """What lies ahead; the last is the target, which no gate follows."""
    gaining: tuple[str, ...]
    """The served entities that receive more traffic than now."""

    @property
    def at_least_seconds(self) -> float:
        """How long the steps serve before the target, without the time that deploying takes."""
        return (len(self.steps) - 1) * float(self.declared.bake)

    @property
    def continues_from(self) -> int | None:
        """The share that the gaining entities have already, if it is past a declared step; else None."""
        return self.live.share if self.behind else None

    @property
    def behind(self) -> tuple[int, ...]:
        """The declared steps that the live split is past."""
        return tuple(step for step in self.declared.steps if step <= self.live.share)

    @property
    def moving(self) -> tuple[str, ...]:
        """The served entities whose percentage changes, in the order of the target."""
        target, live = self.steps[-1].percentages, self.live.percentages
        return tuple(name for name in dict.fromkeys([*target, *live]) if target.get(name, 0) != live.get(name, 0))


def rollout_plan(declared: Rollout, live: Mapping[str, int], target: Mapping[str, int]) -> RolloutPlan | None:
    """The steps between two splits; None where both are the same, or one is not known."""
    if not live or not target or not (splits := remaining_splits(live, target, declared.steps)):
        return None
    gains = gaining(live, target)

    def step(split: Mapping[str, int]) -> RolloutStep:
        return RolloutStep(sum(split.get(name, 0) for name in gains), tuple(split.items()))

    names = tuple(name for name in target if name in gains)
    return RolloutPlan(declared, step(live), tuple(map(step, splits)), names)
