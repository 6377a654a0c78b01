"""A staged rollout in words and rows, the same in every format."""

from collections.abc import Iterator
from typing import Final

from model_serving.measures import duration_text
from model_serving.review.assess.rollout_plan import RolloutPlan, RolloutStep
from model_serving.review.assess.sentence import Sentence, joined, quoted, sentence
from model_serving.spec.vocabulary.rollout import INFERENCE_TABLE, Comparison, Gate

_BACK: Final = {"start": "the split before the rollout", "previous_step": "the split of the step before"}
MOST_COLUMNS: Final = 3
"""So many served entities have a column in a table that fits a narrow window."""


def title(plan: RolloutPlan) -> Sentence:
    """How many steps there are, how long they take at least, who goes through them, and where that begins."""
    count, runs = len(plan.steps), quoted("model-serving deploy")
    behind = joined(f"{step} %" for step in plan.behind)
    if count == 1:
        if not plan.behind:
            return sentence(runs, " goes to the target in 1 step: no declared step lies between, so no gate follows")
        live = sentence(f" continues from {plan.live.share} %: ", behind, f" {_are(plan.behind)} behind it")
        return sentence(runs, live, ", and the target follows at once, without a gate")
    how = f" goes through {count} steps, at least {duration_text(plan.at_least_seconds)}"
    if not plan.behind:
        return sentence(runs, how)
    live = sentence(f" continues from {plan.live.share} % (", behind, f" {_are(plan.behind)} behind it) and")
    return sentence(runs, live, how)


def _are(steps: tuple[int, ...]) -> str:
    return "is" if len(steps) == 1 else "are"


def conditions(plan: RolloutPlan) -> Iterator[Sentence]:
    """What each step must pass, and what follows where it doesn't."""
    gate, bake = plan.declared.gate, plan.declared.bake
    if len(plan.steps) == 1:
        return
    if gate is None:
        yield sentence(f"each step serves {bake.text}, and there is no gate: it fails only if its deployment does")
    else:
        yield sentence(f"each step serves {bake.text}, then must pass the gate")
        if figures := [*_figures(gate)]:
            yield sentence(joined((quoted(name) for name in plan.gaining), " and "), ": ", joined(figures))
        yield from _requests(gate)
    yield sentence(f"if a step fails, traffic goes back to {_BACK[plan.declared.on_failure]}")


def _figures(gate: Gate) -> Iterator[Sentence]:
    if gate.errors_below is not None:
        yield sentence(f"errors below {gate.errors_below.text}")
    if gate.p95_below is not None:
        yield sentence(f"p95 below {gate.p95_below.text}")
    if gate.compare:
        yield from _compared(gate.compare)
    if gate.requests_at_least > 1:
        yield sentence(f"{gate.requests_at_least} requests at least")


def _compared(compare: Comparison) -> Iterator[Sentence]:
    if compare.p95_at_most is not None:
        yield sentence(f"p95 at most {compare.p95_at_most} that of ", quoted(compare.against))
    if compare.errors_at_most is not None:
        yield sentence(f"errors at most {compare.errors_at_most} those of ", quoted(compare.against))


def _requests(gate: Gate) -> Iterator[Sentence]:
    """What sends requests or runs code."""
    if gate.smoke:
        yield sentence("the endpoint's smoke requests must pass")
    if gate.shadow:
        source = gate.shadow.requests
        recorded = (
            sentence("the inference table") if source == INFERENCE_TABLE else sentence(quoted(f"stacks/{source}"))
        )
        least = gate.shadow.agreement_at_least
        yield sentence("requests of ", recorded, f" are sent again: {least.text} of the responses at least must agree")
    if gate.command:
        yield sentence("the deploy job runs ", quoted(" ".join(gate.command)), ", which must end with status 0")


def rows(plan: RolloutPlan) -> Iterator[tuple[str, RolloutStep]]:
    """Each split with its name, the live one first."""
    yield "now", plan.live
    *steps, target = plan.steps
    yield from ((f"{step.share} %", step) for step in steps)
    yield "target", target


def in_words(plan: RolloutPlan, step: RolloutStep) -> Sentence:
    """A split as a list of the entities that move: `champion` 75 %, `challenger` 25 %."""
    return joined(sentence(quoted(name), f" {step.percentages.get(name, 0)} %") for name in plan.moving)
