"""Served entities: model versions and feature specs."""

from typing import Annotated, Final, Literal

from pydantic import Field

from model_serving.databricks.limits import (
    CONCURRENCY_OF_MODEL,
    CONCURRENCY_OF_SIZE,
    CONCURRENCY_STEP,
    ENVIRONMENT_VARS,
)
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import AnyText, Count, Flag, Key, Ordinal, PlaintextOnly, Text, Version

WorkloadSize = Annotated[Literal["Small", "Medium", "Large"], PlaintextOnly]
WorkloadType = Annotated[
    Literal[
        "CPU",
        "CPU_MEDIUM",
        "CPU_LARGE",
        "GPU_SMALL",
        "GPU_MEDIUM",
        "GPU_LARGE",
        "GPU_XLARGE",
        "GPU_XLARGE_8",
        "MULTIGPU_MEDIUM",
    ],
    PlaintextOnly,
]

_SIZES: Final = ", ".join(
    f"{size} {low}" if low == high else f"{size} {low}-{high}" for size, (low, high) in CONCURRENCY_OF_SIZE.items()
)


class ExternalModel(Model):
    """A model that another provider serves. The policy pack rejects it."""

    provider: Text = Field(description="The provider, for example openai.")
    name: Text = Field(description="The provider's name of the model.")
    task: Text = Field(description="Task, for example llm/v1/chat.")


class ServedEntity(Model):
    """One model version or feature spec behind an endpoint: exactly one of entity, feature_spec, external_model."""

    entity: Text | None = Field(
        default=None,
        serialization_alias="entityName",
        description="Unity Catalog model (catalog.schema.model, or catalog.schema.model@Alias) or a model of the"
        " workspace registry.",
    )
    version: Version | None = Field(
        default=None,
        serialization_alias="entityVersion",
        description='Model version, for example "7". Not with an alias.',
    )
    feature_spec: Text | None = Field(
        default=None,
        serialization_alias="entityName",
        description="Unity Catalog feature spec, which has no version.",
    )
    external_model: ExternalModel | None = Field(
        default=None, description="A model that another provider serves; the policy pack rejects it."
    )
    workload_size: WorkloadSize | None = Field(default=None, description=f"{_SIZES} concurrent requests.")
    workload_type: WorkloadType | None = Field(default=None, description="CPU by default.")
    scale_to_zero: Flag = Field(
        default=False,
        serialization_alias="scaleToZeroEnabled",
        description="Saves cost while idle; the next request waits for a cold start.",
    )
    min_provisioned_concurrency: Count | None = Field(
        default=None,
        description=f"Minimum of concurrent requests, in steps of {CONCURRENCY_STEP}; instead of workload_size.",
    )
    max_provisioned_concurrency: Ordinal | None = Field(
        default=None,
        description=f"Maximum of concurrent requests, in steps of {CONCURRENCY_STEP}, up to"
        f" {CONCURRENCY_OF_MODEL.value}; instead of workload_size.",
    )
    # Never sent: true is the service's default, which no read returns, so the provider would deploy the entity again at
    # every run; false is never sent by the provider, and therefore rejected.
    burst_scaling: Flag | None = Field(
        default=None,
        serialization_alias="burstScalingEnabled",
        exclude=True,
        description="Scales beyond the provisioned capacity at peaks. true is the service's default and is not sent;"
        " false is rejected.",
    )
    min_provisioned_throughput: Count | None = Field(
        default=None, description="Foundation models only, in tokens a second; the policy pack rejects it."
    )
    max_provisioned_throughput: Count | None = Field(
        default=None, description="Foundation models only, in tokens a second; the policy pack rejects it."
    )
    provisioned_model_units: Count | None = Field(
        default=None, description="Foundation models only; the policy pack rejects it."
    )
    environment_vars: dict[Key, AnyText] = Field(
        default_factory=dict,
        description=f"Values, or {{{{secrets/scope/key}}}} references to secrets. At most {ENVIRONMENT_VARS.value}.",
    )
    instance_profile_arn: Text | None = Field(
        default=None, description="AWS instance profile with which the model accesses AWS resources."
    )

    @property
    def model_name(self) -> str:
        """The model's or feature spec's full name, without an alias."""
        return (self.feature_spec or self.entity or "").partition("@")[0]

    @property
    def alias(self) -> str | None:
        """`Champion` of `main.ml.fraud@Champion`."""
        return (self.entity or "").partition("@")[2] or None
