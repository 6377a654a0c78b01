"""Served entities that share the traffic, and what they take in a request."""

from collections.abc import Iterator

from model_serving.databricks.request_forms import RequestForm, differences, request_forms, schema_path
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.policies.live import LiveEndpoint, UnreadableError
from model_serving.policies.pack.input_values import at, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import entity_name, served
from model_serving.policies.rules.live_resource import live_resource, workspace_of
from model_serving.policies.rules.traffic import routes


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    split = routes(resource.inputs) or {}
    sharing = [entity for entity in served(resource.inputs) if split.get(entity_name(entity))]
    if len(sharing) < 2 or (live := live_resource(resource)) is None:  # noqa: PLR2004
        return
    deployed = {_version(each, snake=True) for each in items(live.answer, "config", "served_entities")}
    names = [entity_name(entity) for entity in sharing if _version(entity) in deployed]
    if len({_version(entity)[1:] for entity in sharing}) < 2 or len(names) < 2:  # noqa: PLR2004
        return
    forms = _forms(resource, live)
    known = [name for name in names if name in forms]
    first = max(known, key=lambda name: live.traffic.get(name, 0), default="")
    for name in known:
        if phrases := [*differences(forms[first], forms[name])]:
            yield Violation(
                f'Served entities "{first}" and "{name}" share the traffic and take different requests: "{name}" '
                f"{'; '.join(phrases)}. A caller does not choose who answers",
                field_path=("traffic", name),
                fixes=(f"`{name}: 0`, until its model takes the same", "Serve it on an endpoint of its own"),
            )


def _version(entity: object, *, snake: bool = False) -> tuple[str, str, str]:
    """The entity's name with its model and version, in the provider's words or in the API's."""
    members = ("name", "entity_name", "entity_version") if snake else ("name", "entityName", "entityVersion")
    name, model, version = (str(at(entity, member) or "") for member in members)
    return name, model, version


def _forms(resource: Resource, live: LiveEndpoint) -> dict[str, RequestForm]:
    """What the live entities take; nothing where the schema can't be read."""
    workspace = workspace_of(resource)
    try:
        return request_forms((workspace and workspace.find(schema_path(endpoint_path(live.name)))) or {})
    except UnreadableError:
        return {}


same_requests = Rule(
    name="same-requests",
    description="Served entities that share the traffic take the same requests.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check,
    reads_workspace=True,
    why="The endpoint chooses who answers. A caller whose request only one of them takes gets errors at random. "
    "Databricks documents no check of it.",
    passes="Entities whose query schemas have the same required columns with the same types, or the same members, such "
    "as `messages`. An entity that is not deployed yet: its schema is known once it is, so deploy it at 0 % first.",
    fails="Two deployed entities with traffic, of which one requires a column that the other doesn't take, takes one "
    "with another type, or speaks chat while the other takes rows.",
)
