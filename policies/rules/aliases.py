"""Aliases that served entities follow: mentioned, and reported where they have moved."""

from collections.abc import Iterator

from model_serving.contract.conditions import ALIASES_NAMED, ALIASES_STAY
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation, applies_to, production_setting
from model_serving.policies.rules.entity_types import entity_name, served
from model_serving.policies.rules.live_resource import live_resource


def _aliases(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """Each served entity that follows an alias, with its model and the alias."""
    declared = at(resource.declared, "served_entities")
    for name, entity in (declared if isinstance(declared, dict) else {}).items():
        model, _, alias = str(at(entity, "entity") or "").partition("@")
        if alias:
            yield name, model, alias


def _resolved(resource: Resource, entity: str) -> str | None:
    """The version that the program found for the alias; None if it is unknown."""
    version = next((at(each, "entityVersion") for each in served(resource.inputs) if entity_name(each) == entity), None)
    return None if version in (None, UNKNOWN) else str(version)


def _check_moved(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    aliases = list(_aliases(resource))
    live = live_resource(resource) if aliases else None
    deployed = {at(each, "name"): each for each in items(live.answer, "config", "served_entities")} if live else {}
    for name, model, alias in aliases:
        before, after = deployed.get(name), _resolved(resource, name)
        if before and after and at(before, "entity_name") == model and str(at(before, "entity_version")) != after:
            yield Violation(
                f'Alias "{alias}" of {model} moved from version {at(before, "entity_version")} to {after}: `up` '
                f'deploys version {after} as served entity "{name}"',
                field_path=("served_entities", name, "entity"),
                fixes=(f'To keep what serves now: {{entity: {model}, version: "{at(before, "entity_version")}"}}',),
            )


def _check_named(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if applies_to(resource.stack, settings):
        return  # production-pins-versions reports it
    for name, model, alias in _aliases(resource):
        version = _resolved(resource, name)
        now = f", version {version} now" if version else ""
        yield Violation(
            f'Served entity "{name}" follows the alias "{alias}" of {model}{now}: when the alias moves, the next `up` '
            "deploys another version without a change here",
            field_path=("served_entities", name, "entity"),
        )


aliases_stay = Rule(
    name=ALIASES_STAY,
    description="Aliases name the versions that are deployed.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_moved,
    reads_workspace=True,
    why="A moved alias deploys another version, and no file shows it.",
    passes="An alias of the version that is deployed; a version number; a new endpoint.",
    fails="An alias of another version than the live served entity's. The message has both versions.",
)

aliases_named = Rule(
    name=ALIASES_NAMED,
    description="Served entities have a version, not an alias.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_named,
    why="What is deployed depends on the day of the deployment. In production, production-pins-versions reports it.",
    passes="A version number; a feature spec, which has none.",
    fails="`model@Alias` in a stack file. The message has the version that the alias names now.",
    settings={"stacks": production_setting("Stacks in which production-pins-versions reports it")},
)
