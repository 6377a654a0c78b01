"""Who may do what with an endpoint."""

from collections.abc import Iterator, Sequence
from typing import Any

from model_serving.databricks.principals import is_everyone_group
from model_serving.databricks.resource_types import MODEL_SERVING, PERMISSIONS
from model_serving.policies.pack.input_values import UNKNOWN, at, flag, items
from model_serving.policies.pack.rule import (
    Registered,
    Resource,
    Rule,
    Settings,
    Violation,
    applies_to,
    no_check,
    stacks_setting,
)


def _is_of_an_endpoint(resource: Resource) -> bool:
    return resource.inputs.get("servingEndpointId") is not None


def _everyone(resource: Resource, level: str) -> Iterator[tuple[int, str]]:
    """The groups of everyone that are given a level, each with its position in the list."""
    if _is_of_an_endpoint(resource):
        for number, entry in enumerate(items(resource.inputs, "accessControls")):
            group = at(entry, "groupName")
            if isinstance(group, str) and is_everyone_group(group) and at(entry, "permissionLevel") == level:
                yield number, group


def _check_manage(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    for number, group in _everyone(resource, "CAN_MANAGE"):
        yield Violation(
            f'Group "{group}" would manage the endpoint: everyone could change, delete and open it to others. '
            "Name the group of those who own it",
            field_path=(number,),
        )


def _check_query(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if applies_to(resource.stack, settings):
        for number, group in _everyone(resource, "CAN_QUERY"):
            yield Violation(
                f'Group "{group}" would query the endpoint in stack "{resource.stack}". Name the service principals '
                "that call it",
                field_path=(number,),
            )


def _check_declared(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    granted = [each for each in registered if each.resource.type == PERMISSIONS]
    for each in registered:
        if each.resource.type == MODEL_SERVING and not any(_belongs(grant, each.resource) for grant in granted):
            yield (
                each.resource,
                Violation(
                    f'Endpoint "{each.resource.inputs.get("name")}" declares no permissions: who may query it is then '
                    "decided by hand, and lost when it is made anew. Declare them beside it"
                ),
            )


def _check_callers(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    optimized = [
        each.resource
        for each in registered
        if each.resource.type == MODEL_SERVING and _is_on(each.resource.inputs.get("routeOptimized"))
    ]
    for grant in registered:
        endpoint = next(
            (each for each in optimized if grant.resource.type == PERMISSIONS and _belongs(grant, each)), None
        )
        if endpoint:
            for violation in _people(grant.resource, str(endpoint.inputs.get("name"))):
                yield grant.resource, violation


def _people(grant: Resource, endpoint: str) -> Iterator[Violation]:
    for number, entry in enumerate(items(grant.inputs, "accessControls")):
        if at(entry, "permissionLevel") != "CAN_QUERY":
            continue
        if user := at(entry, "userName"):
            yield Violation(
                f'User "{user if user is not UNKNOWN else "(not known yet)"}" would query the route-optimized endpoint '
                f'"{endpoint}", which takes OAuth tokens only: a personal access token gets 401. Let a service '
                "principal with an OAuth secret call it",
                field_path=(number,),
            )
        elif group := at(entry, "groupName"):
            yield Violation(
                f'Group "{group}" may query the route-optimized endpoint "{endpoint}": those of its members who sign '
                "in with a personal access token get 401",
                advisory=True,
                field_path=(number,),
            )


def _belongs(grant: Registered, endpoint: Resource) -> bool:
    """Whether permissions are those of an endpoint: they depend on it, or hold its id."""
    wanted, own = grant.resource.inputs.get("servingEndpointId"), endpoint.inputs.get("servingEndpointId")
    return endpoint.urn in grant.dependencies or (isinstance(wanted, str) and wanted == own)


def _is_on(value: Any) -> bool:
    return value is not UNKNOWN and flag(value)


no_manage_for_everyone = Rule(
    name="no-manage-for-everyone",
    description="No endpoint is managed by the groups of all users.",
    level="mandatory",
    types=(PERMISSIONS,),
    check=_check_manage,
    why="Whoever manages an endpoint can change what it serves, delete it, and let others in.",
    passes="CAN_MANAGE for a named group, user or service principal.",
    fails="CAN_MANAGE for the group `users` or `account users`.",
)

production_names_its_callers = Rule(
    name="production-names-its-callers",
    description="In production, querying isn't open to all users.",
    level="mandatory",
    types=(PERMISSIONS,),
    check=_check_query,
    why="Production is called by applications that are known; anyone else is a cost or a leak.",
    passes="CAN_QUERY for service principals and named groups; `users` in another stack.",
    fails="CAN_QUERY for the group `users` or `account users` in a stack that counts as production.",
    settings={"stacks": stacks_setting(["prod"], "Stacks that count as production")},
)

permissions_declared = Rule(
    name="permissions-declared",
    description="Each endpoint declares its permissions.",
    level="advisory",
    types=(MODEL_SERVING, PERMISSIONS),
    check=no_check,
    check_stack=_check_declared,
    why="Permissions set by hand are in no file, and a replacement loses them.",
    passes="An endpoint with permissions beside it.",
    fails="An endpoint that no permissions name.",
)

optimized_callers_use_oauth = Rule(
    name="optimized-callers-use-oauth",
    description="Callers of a route-optimized endpoint are service principals with OAuth.",
    level="mandatory",
    types=(MODEL_SERVING, PERMISSIONS),
    check=no_check,
    check_stack=_check_callers,
    why="A route-optimized URL takes OAuth tokens only; whoever comes with a personal access token gets 401.",
    passes="CAN_QUERY for service principals. For a group it is told, as people may be in it.",
    fails="CAN_QUERY for a user.",
)
