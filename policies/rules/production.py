"""Protection, pinned versions, tags and creators of production's endpoints."""

from collections.abc import Iterator

from model_serving.contract.replacement import explain_new_creator
from model_serving.databricks.naming import is_in_unity_catalog
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation, applies_to, production_setting
from model_serving.policies.rules.entity_types import entity_field, entity_name, served
from model_serving.policies.rules.live_resource import live_resource

_PRODUCTION = production_setting()


def _check_protected(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if applies_to(resource.stack, settings) and not resource.protect and not resource.is_predecessor:
        yield Violation(
            f'{resource.title} isn\'t protected from deletion in stack "{resource.stack}"',
            fixes=("Set `protect: true`; to retire the endpoint later, remove it in a separate change",),
        )


def _check_pinned(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if not applies_to(resource.stack, settings):
        return
    declared = at(resource.declared, "served_entities") or {}
    aliases = {name: str(at(entity, "entity") or "").partition("@")[2] for name, entity in declared.items()}
    for name, alias in aliases.items():
        if alias:
            yield Violation(
                f'Served entity "{name}" follows the alias "{alias}". If the alias moves, `up` deploys another '
                "version than the reviewed one",
                field_path=("served_entities", name, "entity"),
                fixes=("Write the version number in place of the alias",),
            )
    for entity in served(resource.inputs):
        model = at(entity, "entityName") or at(entity, "modelName")
        version = at(entity, "entityVersion") or at(entity, "modelVersion")
        if aliases.get(entity_name(entity)) and version is UNKNOWN:
            continue  # reported above
        if UNKNOWN in (model, version):
            message = f'The version of "{entity_name(entity)}" is unknown until `up`, which checks it'
            yield Violation(message, advisory=True, field_path=entity_field(entity))
        elif isinstance(model, str) and not _is_pinned(model, version):
            yield Violation(
                f'Served entity "{entity_name(entity)}" doesn\'t pin the version of "{model}" '
                f"({version or 'not set'}), so another version can be deployed without a change here",
                field_path=entity_field(entity),
                fixes=("Write its number as `version`",),
            )


def _is_pinned(model: str, version: object) -> bool:
    """Whether the version is pinned. A Unity Catalog name without a version is a feature spec, which has none."""
    if "@" in model:
        return False
    return str(version).isdigit() if version is not None else is_in_unity_catalog(model)


def _check_tags(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if not applies_to(resource.stack, settings):
        return
    tags = at(resource.inputs, "tags")
    keys = {at(tag, "key") for tag in items(resource.inputs, "tags")}
    if UNKNOWN in (tags, *keys):
        yield Violation("The tags are unknown until `up`, which checks them", advisory=True)
    elif missing := [tag for tag in settings["tags"] if tag not in keys]:
        added = ", ".join(f"{tag}: ..." for tag in missing)
        yield Violation(
            f"Required tags are missing: {', '.join(missing)}. They assign cost and owner",
            fixes=(f"Add them to `tags`, as in `tags: {{{added}}}`",),
        )
    if settings["budget_policy"] and resource.inputs.get("budgetPolicyId") is None:
        yield Violation("No budget policy", fixes=("Set `budget_policy_id` when the endpoint is created",))


def _check_creator(resource: Resource, settings: Settings) -> Iterator[Violation]:
    live = live_resource(resource) if applies_to(resource.stack, settings) else None
    if live and live.creator_kind == "User":
        yield Violation(
            f'Endpoint "{live.name}" permanently runs as its creator, the user {live.creator}. If that account is '
            "removed, the endpoint loses its access to models and secrets",
            fixes=(explain_new_creator(resource.place, resource.written_name, "the pipeline's service principal"),),
        )


production_is_protected = Rule(
    name="production-is-protected",
    description="Endpoints of production are protected from deletion.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_protected,
    why="A protected endpoint can't be deleted or replaced by accident.",
    passes="`protect` on the endpoint; a predecessor, which is not deleted while it is called; any endpoint of another"
    " stack.",
    fails="No `protect`, in a stack that counts as production.",
    settings={"stacks": _PRODUCTION},
)

production_pins_versions = Rule(
    name="production-pins-versions",
    description="Endpoints of production pin the model versions that they serve.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_pinned,
    why="The approved version should run. An alias can move after the approval.",
    passes="A version number; a feature spec, which has none.",
    fails="An alias, in a stack file or in the model's name, no version, or a version that is not a number.",
    settings={"stacks": _PRODUCTION},
)

required_tags = Rule(
    name="required-tags",
    description="Endpoints have the required tags and budget policy.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_tags,
    why="Bills are split by tags. An endpoint without them has no owner.",
    passes="All tags in `tags` and, if `budget_policy` is set, a budget policy.",
    fails="A missing tag or budget policy, in a stack that `stacks` selects.",
    settings={
        "stacks": production_setting("Stacks where they are required"),
        "tags": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["team"],
            "description": "Keys of the required tags",
        },
        "budget_policy": {"type": "boolean", "default": False, "description": "Whether a budget policy is required"},
    },
)

production_runs_as_a_service_principal = Rule(
    name="production-runs-as-a-service-principal",
    description="Endpoints of production are created by a service principal.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_creator,
    reads_workspace=True,
    why="An endpoint permanently runs as its creator, and people leave.",
    passes="A live endpoint that a service principal created; a new one.",
    fails="A live endpoint that a user created.",
    settings={"stacks": _PRODUCTION},
)
