"""What an endpoint runs on: scale to zero and GPUs."""

from collections.abc import Iterator

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at, flag
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation, applies_to, stacks_setting
from model_serving.policies.rules.entity_types import entity_field, entity_name, served


def _check_warm(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if not applies_to(resource.stack, settings):
        return
    for entity in served(resource.inputs):
        asleep = at(entity, "scaleToZeroEnabled")
        if asleep is UNKNOWN:
            yield Violation(
                f'Can\'t tell yet whether "{entity_name(entity)}" scales to zero',
                advisory=True,
                field_path=entity_field(entity),
            )
        elif flag(asleep):
            yield Violation(
                f'Served entity "{entity_name(entity)}" scales to zero in stack "{resource.stack}": after a pause, the '
                "next caller waits for a cold start. Turn scale to zero off, or ask for a waiver",
                field_path=entity_field(entity, "scale_to_zero"),
            )


def _check_gpu(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if applies_to(resource.stack, settings):
        return
    for entity in served(resource.inputs):
        kind = at(entity, "workloadType")
        if kind is UNKNOWN:
            yield Violation(
                f'Can\'t tell yet whether "{entity_name(entity)}" runs on a GPU',
                advisory=True,
                field_path=entity_field(entity),
            )
        elif isinstance(kind, str) and "GPU" in kind.upper():
            allowed = ", ".join(settings["stacks"]) or "none"
            yield Violation(
                f'Served entity "{entity_name(entity)}" runs on {kind}, and this stack is not one where GPUs are '
                f"allowed ({allowed}). Use a CPU workload, or add the stack to this rule's `stacks`",
                field_path=entity_field(entity, "workload_type"),
            )


production_stays_warm = Rule(
    name="production-stays-warm",
    description="Endpoints of production don't scale to zero.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_warm,
    why="After a pause, the next caller waits for a cold start: seconds to minutes.",
    passes="Scale to zero off or absent; any endpoint of another stack.",
    fails="Scale to zero on, in a stack that counts as production.",
    settings={"stacks": stacks_setting(["prod"], "Stacks that count as production")},
)

gpu_where_allowed = Rule(
    name="gpu-where-allowed",
    description="GPUs are used only in the stacks that may.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_gpu,
    why="A GPU workload costs many times a CPU one, and runs whether or not it is called.",
    passes="CPU workloads; GPU workloads in a stack that `stacks` names.",
    fails="A GPU workload type anywhere else. By default that is everywhere.",
    settings={"stacks": stacks_setting([], "Stacks where GPUs are allowed")},
)
