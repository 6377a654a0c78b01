"""Staged rollouts: how an endpoint's traffic gets from the live split to the declared one.

`model-serving deploy` and `model-serving rollout` go through the steps. `traffic` stays the target.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.quantities import Duration, Factor, Latency, Percent
from model_serving.spec.vocabulary.types import EntityName, Flag, Ordinal, PlaintextOnly, Word, refused

LARGEST_STEP: Final = 99
"""In percent: the target itself follows the last step."""

INFERENCE_TABLE: Final = "inference_table"
"""`requests` of a shadow that replays what the endpoint's inference table recorded."""

_STEP: Final = {"type": "integer", "minimum": 1, "maximum": LARGEST_STEP}


def _require_step(step: int) -> int:
    if step > LARGEST_STEP:
        raise refused("is no step", "Remove it: the declared `traffic` follows the last step")
    if step < 1:
        raise refused("is no step", f"Write a percentage from 1 to {LARGEST_STEP}")
    return step


Step = Annotated[int, Field(strict=True), AfterValidator(_require_step), WithJsonSchema(_STEP)]
OnFailure = Annotated[Literal["start", "previous_step"], PlaintextOnly]


class Comparison(Model):
    """Bounds of the entities that gain traffic, relative to another entity's figures in the same time."""

    against: EntityName = Field(description="Served entity to compare with, usually the one that loses traffic.")
    p95_at_most: Factor | None = Field(default=None, description="Largest p95 latency, as a multiple of its own.")
    errors_at_most: Factor | None = Field(default=None, description="Largest error rate, as a multiple of its own.")


class ShadowGate(Model):
    """Recorded requests, sent to the entities that gain traffic at each step, and compared with their responses."""

    requests: Word = Field(
        description="A JSON file of requests, relative to the folder of the stack files, or `inference_table` for those"
        " that the endpoint's own table recorded."
    )
    agreement_at_least: Percent = Field(description="Smallest part of the responses that must agree.")


class Gate(Model):
    """What each step must pass. Figures are the served entity's own, of the time since the step began."""

    errors_below: Percent | None = Field(
        default=None, description="Part of the requests that fail, with any status from 400 on, must stay below this."
    )
    p95_below: Latency | None = Field(
        default=None, description="95 of 100 requests must be faster than this, by the endpoint's own metrics."
    )
    requests_at_least: Ordinal = Field(
        default=1,
        description="Requests that an entity must have had before its figures count. With fewer at the end of `bake`"
        " the step waits once as long, then fails.",
    )
    smoke: Flag = Field(default=False, description="Sends the endpoint's `smoke` requests at the end of each step.")
    compare: Comparison | None = Field(default=None, description="Compares with another served entity.")
    command: list[Word] = Field(
        default_factory=list,
        min_length=1,
        description="A program and its arguments, run at the end of each step in the folder of the project, without a"
        " shell. A status other than 0 fails the step.",
    )
    shadow: ShadowGate | None = Field(default=None, description="Replays recorded requests.")


class Rollout(Model):
    """The way of the endpoint's traffic from the live split to the declared one, in steps."""

    steps: list[Step] = Field(
        min_length=1,
        description="Percentages of all traffic that the entities which gain traffic receive together, ascending; the"
        " declared `traffic` follows the last one. Steps that the live split is past are skipped.",
    )
    bake: Duration = Field(description="How long each step serves before the next one.")
    on_failure: OnFailure = Field(
        default="start",
        description="Where a failed step goes back to: the split before the rollout, or the step before.",
    )
    gate: Gate | None = Field(
        default=None, description="What each step must pass; without it, a step fails only where its deployment does."
    )
