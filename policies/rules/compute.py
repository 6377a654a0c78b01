"""Scale to zero and GPUs."""

from collections.abc import Iterator

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at, flag
from model_serving.policies.pack.rule import (
    Resource,
    Rule,
    Settings,
    Violation,
    applies_to,
    production_setting,
    stacks_setting,
)
from model_serving.policies.rules.entity_types import entity_field, entity_name, served


def _check_warm(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if not applies_to(resource.stack, settings):
        return
    for entity in served(resource.inputs):
        scales = at(entity, "scaleToZeroEnabled")
        if scales is UNKNOWN:
            yield Violation(
                f'Whether "{entity_name(entity)}" scales to zero is unknown until `up`, which checks it',
                advisory=True,
                field_path=entity_field(entity),
            )
        elif flag(scales):
            yield Violation(
                f'Served entity "{entity_name(entity)}" scales to zero in stack "{resource.stack}": the next '
                "caller then waits for a cold start",
                field_path=entity_field(entity, "scale_to_zero"),
                fixes=("Set `scale_to_zero: false`", "Declare a waiver"),
            )


def _check_gpu(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if applies_to(resource.stack, settings):
        return
    for entity in served(resource.inputs):
        kind = at(entity, "workloadType")
        if kind is UNKNOWN:
            yield Violation(
                f'Whether "{entity_name(entity)}" runs on a GPU is unknown until `up`, which checks it',
                advisory=True,
                field_path=entity_field(entity),
            )
        elif isinstance(kind, str) and "GPU" in kind.upper():
            allowed = ", ".join(settings["stacks"]) or "none"
            yield Violation(
                f'Served entity "{entity_name(entity)}" runs on {kind}, but GPUs are allowed only in these stacks: '
                f"{allowed}",
                field_path=entity_field(entity, "workload_type"),
                fixes=("Use a CPU workload", "Add the stack to this rule's `stacks`"),
            )


production_stays_warm = Rule(
    name="production-stays-warm",
    description="Endpoints of production don't scale to zero.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_warm,
    why="After scaling to zero, the next caller waits seconds to minutes for a cold start.",
    passes="Scale to zero off or absent; any endpoint of another stack.",
    fails="Scale to zero on, in a stack that counts as production.",
    settings={"stacks": production_setting()},
)

gpu_where_allowed = Rule(
    name="gpu-where-allowed",
    description="GPU workloads run in the allowed stacks only.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_gpu,
    why="A GPU workload costs many times as much as a CPU workload, called or not.",
    passes="CPU workloads; GPU workloads in a stack that `stacks` selects.",
    fails="A GPU workload in any other stack. By default that is every stack.",
    settings={"stacks": stacks_setting([], "Stacks where GPUs are allowed")},
)
