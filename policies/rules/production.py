"""What production asks of an endpoint beyond its traffic and its compute."""

from collections.abc import Iterator

from model_serving.databricks.naming import is_in_unity_catalog
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.live import UnreadableError, live_endpoint
from model_serving.policies.pack.input_values import UNKNOWN, at, has_unknown, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation, applies_to, stacks_setting
from model_serving.policies.rules.entity_types import entity_field, entity_name, served

_PRODUCTION = stacks_setting(["prod"], "Stacks that count as production")


def _check_protected(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if applies_to(resource.stack, settings) and not resource.protect:
        yield Violation(
            f'Endpoint "{resource.name}" isn\'t protected in stack "{resource.stack}": one wrong line deletes it. '
            "Write `protect: true`, which is taken out again by a change of its own when the endpoint retires"
        )


def _check_pinned(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if not applies_to(resource.stack, settings):
        return
    written = at(resource.stack_file_spec, "served_entities") or {}
    aliases = {name: str(at(entity, "entity") or "").partition("@")[2] for name, entity in written.items()}
    for name, alias in aliases.items():
        if alias:
            yield Violation(
                f'Served entity "{name}" follows the alias "{alias}": an `up` after the alias has moved deploys '
                "another version than the one that was reviewed. Write its number",
                field_path=("served_entities", name, "entity"),
            )
    for entity in served(resource.inputs):
        model = at(entity, "entityName") or at(entity, "modelName")
        version = at(entity, "entityVersion") or at(entity, "modelVersion")
        if aliases.get(entity_name(entity)) and version is UNKNOWN:
            continue  # said above: the alias stands for a version that nobody looked up here
        if UNKNOWN in (model, version):
            message = f'Can\'t tell yet which version "{entity_name(entity)}" serves'
            yield Violation(message, advisory=True, field_path=entity_field(entity))
        elif isinstance(model, str) and not _is_pinned(model, version):
            yield Violation(
                f'Served entity "{entity_name(entity)}" doesn\'t say which version of "{model}" it serves '
                f"({version or 'none written'}): what is deployed can change without a change here. Write its number",
                field_path=entity_field(entity),
            )


def _is_pinned(model: str, version: object) -> bool:
    """A full Unity Catalog name without a version is a feature spec: the API takes no model so."""
    if "@" in model:
        return False
    return str(version).isdigit() if version is not None else is_in_unity_catalog(model)


def _check_tags(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if not applies_to(resource.stack, settings):
        return
    written = at(resource.inputs, "tags")
    keys = {at(tag, "key") for tag in items(resource.inputs, "tags")}
    if UNKNOWN in (written, *keys):
        yield Violation("Can't tell yet which tags the endpoint carries", advisory=True)
    elif missing := [tag for tag in settings["tags"] if tag not in keys]:
        yield Violation(f"Required tags are missing: {', '.join(missing)}. Cost and owner are found by them")
    if settings["budget_policy"] and resource.inputs.get("budgetPolicyId") is None:
        yield Violation("No budget policy: set budget_policy_id when the endpoint is created")


def _check_creator(resource: Resource, settings: Settings) -> Iterator[Violation]:
    name = resource.inputs.get("name")
    if not applies_to(resource.stack, settings) or not isinstance(name, str) or has_unknown(dict(resource.provider)):
        return
    try:
        live = live_endpoint(name, resource.provider, is_preview=resource.is_preview)
    except UnreadableError:
        return  # route-optimized-create-only says so
    if live and live.creator_kind == "User":
        yield Violation(
            f'Endpoint "{live.name}" runs as {live.creator}, the person who created it: when that account goes, so '
            "does its access to models and secrets, and the creator of an endpoint can't be changed. Plan a second "
            "endpoint, created by the pipeline's service principal"
        )


production_is_protected = Rule(
    name="production-is-protected",
    description="Endpoints of production are protected from deletion.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_protected,
    why="A protected endpoint can't be deleted or replaced by accident, whatever the reason.",
    passes="`protect` on the endpoint; any endpoint of another stack.",
    fails="No `protect`, in a stack that counts as production.",
    settings={"stacks": _PRODUCTION},
)

production_pins_versions = Rule(
    name="production-pins-versions",
    description="Production says which model version it serves.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_pinned,
    why="What a reviewer approved is what should run; an alias moves after the approval.",
    passes="A version number; a feature spec, which has none.",
    fails="An alias in the stack's own file or in the model's name, no version, or one that is no number.",
    settings={"stacks": _PRODUCTION},
)

required_tags = Rule(
    name="required-tags",
    description="Endpoints carry the tags, and the budget policy, that cost is booked by.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check_tags,
    why="Tags go to the bill; an endpoint without them belongs to nobody.",
    passes="Every tag of `tags` is there and, where `budget_policy` asks for one, a budget policy.",
    fails="One is missing, in a stack that `stacks` names.",
    settings={
        "stacks": stacks_setting(["prod"], "Stacks where they are required"),
        "tags": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["team"],
            "description": "Keys of the tags that must be there",
        },
        "budget_policy": {"type": "boolean", "default": False, "description": "Whether a budget policy must be there"},
    },
)

production_runs_as_a_service_principal = Rule(
    name="production-runs-as-a-service-principal",
    description="Endpoints of production were created by a service principal.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_creator,
    reads_workspace=True,
    why="An endpoint runs as its creator for ever; a person leaves.",
    passes="A live endpoint that a service principal created; a new one.",
    fails="A live endpoint that a person created.",
    settings={"stacks": _PRODUCTION},
)
