"""The rules between the parts of a stack.

Each rule yields (path, message, hint) for what it finds; the loader gives them their location.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from model_serving.databricks.limits import NAME_LENGTH
from model_serving.spec.diagnostics import Problem
from model_serving.spec.endpoint_resources import SEPARATOR
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_secret, is_unknown
from model_serving.spec.succession import DeclaredEndpoint, declared_endpoints
from model_serving.spec.validation.delivery_rules import reader_problems, scope_keys, scope_problems
from model_serving.spec.validation.endpoint_rules import endpoint_problems
from model_serving.spec.validation.predecessor_rules import name_of_both, only_of_predecessor, predecessor_problems
from model_serving.spec.validation.rollout_rules import rollout_problems
from model_serving.spec.validation.service_principal_rules import principal_problems
from model_serving.spec.validation.suggestions import suggestion
from model_serving.spec.vocabulary.stack import Endpoint, ServicePrincipal, Stack
from model_serving.spec.vocabulary.types import APPLICATION_ID, ENDPOINT_NAME

__all__ = [
    "Names",
    "endpoint_name",
    "endpoint_problems",
    "principal_problems",
    "reference_problems",
    "scope_keys",
    "stack_problems",
]


@dataclass(frozen=True)
class Names:
    """The keys that a stack declares, also those of invalid parts: what references may name."""

    endpoints: Collection[str]
    service_principals: Collection[str]


def stack_problems(stack: Stack) -> Iterator[Problem]:
    """The problems between the fields of a stack, without its references."""
    for key in stack.endpoints:
        yield from _key(key)
    for each in declared_endpoints(stack):
        yield from _name(each)
        yield from only_of_predecessor(stack, each, endpoint_problems)
    for key, endpoint in stack.endpoints.items():
        yield from rollout_problems(endpoint, ("endpoints", key, "rollout"))
        yield from predecessor_problems(stack, key)
    for key, principal in stack.service_principals.items():
        yield from principal_problems(principal, ("service_principals", key))
    yield from _one_endpoint_a_name(stack)
    yield from _one_declaration_a_principal(stack)
    yield from scope_problems(stack)


def reference_problems(stack: Stack, names: Names) -> Iterator[Problem]:
    """The problems of references."""
    for each in declared_endpoints(stack):
        yield from only_of_predecessor(stack, each, lambda endpoint, path: _principals(endpoint, path, names))
    for key, principal in stack.service_principals.items():
        yield from _served(principal, ("service_principals", key, "serves"), names)
        yield from _granted_models_are_plaintext(stack, principal)
    yield from reader_problems(stack, names.service_principals)


def endpoint_name(stack: Stack, key: str) -> str:
    """The endpoint's name in the workspace."""
    return stack.name_prefix + (stack.endpoints[key].name or key)


def _key(key: str) -> Iterator[Problem]:
    if SEPARATOR in key:
        message = f'"{key}" contains "{SEPARATOR}", which in Pulumi separates an endpoint from its successor'
        yield ("endpoints", key), message, "Use another key"


def _name(declared: DeclaredEndpoint) -> Iterator[Problem]:
    name, has_prefix = declared.name, declared.name != declared.written_name
    where = declared.path if declared.written_name == declared.key else (*declared.path, "name")
    if re.fullmatch(ENDPOINT_NAME, name):
        return
    if len(name) > NAME_LENGTH.value:
        counted = ", name_prefix counted" if has_prefix else ""
        message = (
            f'"{name}" has {len(name)} characters{counted}; the name of an endpoint has at most {NAME_LENGTH.value}'
        )
    else:
        message = f'"{name}" is not a valid endpoint name'
    yield where, message, "Set `name`, or use another key or `name_prefix`"


def _one_endpoint_a_name(stack: Stack) -> Iterator[Problem]:
    owners: dict[str, DeclaredEndpoint] = {}
    for each in declared_endpoints(stack):
        owner = owners.setdefault(each.name, each)
        if owner is not each and owner.key == each.key:
            yield name_of_both(each)
        elif owner is not each:
            whose = f'the predecessor of endpoint "{owner.key}"' if owner.is_predecessor else f'endpoint "{owner.key}"'
            yield each.path, f'"{each.name}" is already the name of {whose}', "Rename one of them"


def _one_declaration_a_principal(stack: Stack) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for key, principal in stack.service_principals.items():
        if principal.application_id in owners:
            message = f'is already declared, as "{owners[principal.application_id]}"'
            yield ("service_principals", key, "application_id"), message, "Keep one of the two"
        elif principal.application_id:
            owners[principal.application_id] = key


def _principals(endpoint: Endpoint, path: FieldPath, names: Names) -> Iterator[Problem]:
    """Service principals are referred to by a key of this stack, or by application id."""
    for n, permission in enumerate(endpoint.granted):
        if permission.service_principal:
            where = (*path, "permissions", n, "service_principal")
            yield from _principal(permission.service_principal, where, names)
    for n, limit in enumerate(endpoint.ai_gateway.rate_limits if endpoint.ai_gateway else ()):
        if limit.key == "service_principal" and limit.principal:
            yield from _principal(limit.principal, (*path, "ai_gateway", "rate_limits", n, "principal"), names)


def _principal(name: str, path: FieldPath, names: Names) -> Iterator[Problem]:
    if name in names.service_principals or is_unknown(name) or re.fullmatch(APPLICATION_ID, name):
        return
    message = f'"{name}" is neither a service principal of this stack nor an application id'
    yield path, message, suggestion(name, names.service_principals, "Declared under service_principals")


def _served(principal: ServicePrincipal, path: FieldPath, names: Names) -> Iterator[Problem]:
    for n, key in enumerate(principal.serves):
        if key not in names.endpoints:
            yield (*path, n), f'no endpoint has the key "{key}"', suggestion(key, names.endpoints, "Endpoints here")
        if key in principal.serves[:n]:
            yield (*path, n), f'endpoint "{key}" is listed twice', "Keep one of the two"


def _granted_models_are_plaintext(stack: Stack, principal: ServicePrincipal) -> Iterator[Problem]:
    """A grant's id in Pulumi's state, where nothing of it is encrypted, holds the name of the model."""
    for each in declared_endpoints(stack):
        for name, entity in each.endpoint.served_entities.items() if each.key in principal.serves else ():
            for kind in ("entity", "feature_spec"):
                if is_secret(getattr(entity, kind)):
                    path = (*each.path, "served_entities", name, kind)
                    yield (
                        path,
                        "can't be secret where a service principal `serves` the endpoint",
                        "Use a plaintext value",
                    )
