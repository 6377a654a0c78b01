"""MODEL_SERVING_ROLLOUT: what a run of the program is to a staged rollout.

A module of its own, without the vocabulary's models: the policy pack reads it at each preview.
"""

import os
from collections.abc import Mapping
from enum import Enum
from typing import Final

VARIABLE: Final = "MODEL_SERVING_ROLLOUT"
PLANNED: Final = "planned"
"""The variable's value in a review, and where `deploy` judges a plan: nothing is replaced."""


class Run(Enum):
    """What a run is to the rollouts that the stack files declare."""

    BY_HAND = "by hand"  # `pulumi up` or `pulumi preview` as typed
    PLANNED = "planned"  # a review, or the judgement of `deploy`, of the whole way to the target
    STEP = "step"  # one split, by `deploy`, `rollout` or `rollback`


def this_run(environment: Mapping[str, str] = os.environ) -> Run:
    """What this process' run is, by its environment."""
    value = environment.get(VARIABLE, "").strip()
    return Run.BY_HAND if not value else Run.PLANNED if value == PLANNED else Run.STEP
