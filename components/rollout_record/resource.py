"""The resources for what the state remembers of an endpoint's rollouts.

The endpoint depends on its RolloutRecord: who rolls out and the split before are in the state before the first write.
Its RolloutStep depends on the endpoint, and says since when the current step's split is deployed. Both write nothing to
the workspace, and no report shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from model_serving.components.rollout_record.provider import EXPECTS, RECORD, STEP, RecordProvider, StepProvider
from model_serving.spec.files.rollout_step import EndpointStep


@dataclass(frozen=True)
class KeptRollout:
    """What an endpoint whose rollouts are recorded gets in one run of its program: a step, or none."""

    step: EndpointStep | None = None
    declared: Mapping[str, Any] = field(default_factory=dict)
    """The rollout as the stack file has it, an input of the component: reviews draw its steps."""


class RolloutRecord(Resource, module="model-serving", name="RolloutRecord"):
    """The record of one endpoint's rollouts. Without a step the state keeps the record it has."""

    def __init__(self, name: str, endpoint: str, kept: KeptRollout, opts: pulumi.ResourceOptions | None = None) -> None:
        step = kept.step
        written = {RECORD: step.record, EXPECTS: step.expects} if step and step.record else {}
        super().__init__(RecordProvider(), name, {"endpointName": endpoint, **written}, opts)


class RolloutStep(Resource, module="model-serving", name="RolloutStep"):
    """When the current step of an endpoint's rollout was deployed."""

    def __init__(self, name: str, endpoint: str, kept: KeptRollout, opts: pulumi.ResourceOptions | None = None) -> None:
        written = {STEP: kept.step.step} if kept.step and kept.step.step else {}
        super().__init__(StepProvider(), name, {"endpointName": endpoint, **written}, opts)
