"""Who may query and manage an endpoint."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

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
    production_setting,
)
from model_serving.policies.rules.undeclared_access import belongs

_CALLING: Final = ("CAN_QUERY", "CAN_MANAGE")
"""Levels that allow calls."""


def _is_of_an_endpoint(resource: Resource) -> bool:
    return resource.inputs.get("servingEndpointId") is not None


def _grants_to_everyone(resource: Resource, level: str) -> Iterator[tuple[int, str]]:
    """The groups of everyone that get this level, each with its position in the list."""
    if _is_of_an_endpoint(resource):
        for number, entry in enumerate(items(resource.inputs, "accessControls")):
            group = at(entry, "groupName")
            if isinstance(group, str) and is_everyone_group(group) and at(entry, "permissionLevel") == level:
                yield number, group


def _check_manage(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    for number, group in _grants_to_everyone(resource, "CAN_MANAGE"):
        yield Violation(
            f'Group "{group}" would manage the endpoint: everyone could change it, delete it and grant access to it',
            field_path=(number,),
            fixes=("Name the group that owns it",),
        )


def _check_query(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if applies_to(resource.stack, settings):
        for number, group in _grants_to_everyone(resource, "CAN_QUERY"):
            yield Violation(
                f'Group "{group}" would query the endpoint in stack "{resource.stack}"',
                field_path=(number,),
                fixes=("Name the service principals that call it",),
            )


def _check_callers(registered: Sequence[Registered], settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    optimized = [
        each.resource
        for each in registered
        if each.resource.type == MODEL_SERVING and _is_on(each.resource.inputs.get("routeOptimized"))
    ]
    for grant in registered:
        endpoint = next(
            (each for each in optimized if grant.resource.type == PERMISSIONS and belongs(grant, each)), None
        )
        if endpoint:
            is_production = applies_to(grant.resource.stack, settings)
            for violation in _callers_without_oauth(grant.resource, str(endpoint.inputs.get("name"))):
                yield grant.resource, replace(violation, advisory=violation.advisory or not is_production)


def _callers_without_oauth(grant: Resource, endpoint: str) -> Iterator[Violation]:
    for number, entry in enumerate(items(grant.inputs, "accessControls")):
        level = at(entry, "permissionLevel")
        if level not in _CALLING:
            continue
        if user := at(entry, "userName"):
            yield Violation(
                f'User "{user if user is not UNKNOWN else "(unknown)"}" has {level} on the route-optimized endpoint '
                f'"{endpoint}", which accepts OAuth tokens only: a personal access token gets 401. The workspace\'s '
                "page gives a person a token for an hour",
                field_path=(number,),
                fixes=("Grant CAN_QUERY to a service principal with an OAuth secret",),
            )
        elif level == "CAN_QUERY" and (group := at(entry, "groupName")):
            yield Violation(
                f'Group "{group}" may query the route-optimized endpoint "{endpoint}": members who use a personal '
                "access token get 401",
                advisory=True,
                field_path=(number,),
            )


def _is_on(value: Any) -> bool:
    return value is not UNKNOWN and flag(value)


no_manage_for_everyone = Rule(
    name="no-manage-for-everyone",
    description="No group of all users manages an endpoint.",
    level="mandatory",
    types=(PERMISSIONS,),
    check=_check_manage,
    why="Whoever manages an endpoint can change what it serves, delete it, and grant access to it.",
    passes="CAN_MANAGE for a named group, user or service principal.",
    fails="CAN_MANAGE for the group `users` or `account users`.",
)

production_names_its_callers = Rule(
    name="production-names-its-callers",
    description="No group of all users queries an endpoint of production.",
    level="mandatory",
    types=(PERMISSIONS,),
    check=_check_query,
    why="Known applications call production. Any other caller is a cost or a leak.",
    passes="CAN_QUERY for service principals and named groups; `users` in another stack.",
    fails="CAN_QUERY for the group `users` or `account users` in a stack that counts as production.",
    settings={"stacks": production_setting()},
)

optimized_callers_use_oauth = Rule(
    name="optimized-callers-use-oauth",
    description="Callers of a route-optimized endpoint in production are service principals.",
    level="mandatory",
    types=(MODEL_SERVING, PERMISSIONS),
    check=no_check,
    check_stack=_check_callers,
    why="A route-optimized URL accepts OAuth tokens only. A personal access token gets 401.",
    passes="CAN_QUERY and CAN_MANAGE for service principals. A group with CAN_QUERY is reported as advisory, because "
    "users may be members. So is a user outside of production, where people try an endpoint with a token from the "
    "workspace's page.",
    fails="CAN_QUERY or CAN_MANAGE, which includes calling, for a user in production.",
    settings={"stacks": production_setting()},
)
