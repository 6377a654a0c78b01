"""The rules of secret scopes and of the places that credentials are delivered to."""

import re
from collections.abc import Collection, Iterator
from typing import Final, TypeAlias

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_output
from model_serving.spec.validation.messages import SCOPE_NAME_HINT
from model_serving.spec.validation.suggestions import suggestion
from model_serving.spec.vocabulary.delivery import Delivery
from model_serving.spec.vocabulary.secret_scope import SecretScope
from model_serving.spec.vocabulary.stack import Stack
from model_serving.spec.vocabulary.types import APPLICATION_ID, SCOPE_NAME

_RESERVED: Final = "GITHUB_"
"""How names of secrets and variables may not begin on GitHub. Source: GitHub's documentation, using secrets."""

_Place: TypeAlias = tuple[str, ...]


def delivery_problems(delivery: Delivery, path: FieldPath) -> Iterator[Problem]:
    """The problems of the places of one principal."""
    places = {name: place for name, place in delivery if place is not None}
    if not places:
        yield path, "names no place", "Set `secret_scope`, `github` or `gitlab`, or remove `deliver`"
    for name, place in places.items():
        if place.client_id is not None and place.client_id.upper() == str(place.client_secret).upper():
            message = f'"{place.client_id}" would hold both the application id and the secret'
            yield (*path, name, "client_secret"), message, "Use two names"
    for name, forge in (("github", delivery.github), ("gitlab", delivery.gitlab)):
        if forge and forge.client_id.upper() == f"{forge.client_secret}_ID".upper():
            message = f'"{forge.client_id}" holds the id of the secret that was delivered last'
            yield (*path, name, "client_id"), message, "Use another name"
    if delivery.github:
        for field in ("client_id", "client_secret"):
            if getattr(delivery.github, field).upper().startswith(_RESERVED):
                message = f"GitHub accepts no name that begins with {_RESERVED}"
                yield (*path, "github", field), message, "Use another name"


def scope_problems(stack: Stack) -> Iterator[Problem]:
    """The problems of secret scopes, and of places that two principals would write."""
    for key, scope in stack.secret_scopes.items():
        path: FieldPath = ("secret_scopes", key)
        if not re.fullmatch(SCOPE_NAME, stack.name_prefix + key):
            message = f'"{stack.name_prefix}{key}", name_prefix counted, is not a valid name of a secret scope'
            yield path, message, SCOPE_NAME_HINT
        yield from _readers(scope, (*path, "readers"))
    yield from _default_keys(stack)
    yield from _one_writer_a_place(stack)


def reader_problems(stack: Stack, principals: Collection[str]) -> Iterator[Problem]:
    """Service principals among the readers are referred to by a key of this stack, or by application id."""
    for key, scope in stack.secret_scopes.items():
        for n, reader in enumerate(scope.readers):
            name = reader.service_principal
            if name and name not in principals and not re.fullmatch(APPLICATION_ID, name):
                message = f'"{name}" is neither a service principal of this stack nor an application id'
                path = ("secret_scopes", key, "readers", n, "service_principal")
                yield path, message, suggestion(name, principals, "Declared under service_principals")


def _readers(scope: SecretScope, path: FieldPath) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for n, reader in enumerate(scope.readers):
        if len(reader.kinds) != 1:
            found = " and ".join(reader.kinds) or "none of them"
            message = f"exactly one of service_principal, user and group; found {found}"
            yield (*path, n), message, "Use one entry for each reader"
            continue
        if (reader.kind, reader.principal) in seen:
            yield (*path, n), f'{reader.kind} "{reader.principal}" has two entries', "Keep one of them"
        seen.add((reader.kind, reader.principal))


def _default_keys(stack: Stack) -> Iterator[Problem]:
    """A principal's key may be any text, and the default keys of its secrets may not."""
    for key, principal in stack.service_principals.items():
        secret = principal.oauth_secret
        if not secret or not secret.deliver or not secret.deliver.secret_scope:
            continue
        for name in scope_keys(stack, key):
            if not re.fullmatch(SCOPE_NAME, name):
                path = ("service_principals", key, "oauth_secret", "deliver", "secret_scope")
                yield path, f'"{name}" is not a valid key of a secret scope', "Set `client_id` and `client_secret`"


def _one_writer_a_place(stack: Stack) -> Iterator[Problem]:
    owners: dict[_Place, str] = {}
    for key, principal in stack.service_principals.items():
        delivery = principal.oauth_secret and principal.oauth_secret.deliver
        for field, place in _places(stack, key, delivery) if delivery else ():
            if owners.setdefault(place, key) != key:
                path = ("service_principals", key, "oauth_secret", "deliver", field)
                message = f'writes {place[-1]} at the same place as "{owners[place]}"'
                yield path, message, "Set `client_id` and `client_secret`, or use another place"


def _places(stack: Stack, key: str, delivery: Delivery) -> Iterator[tuple[str, _Place]]:
    if (scope := delivery.secret_scope) and not is_output(scope.scope):
        names = scope_keys(stack, key)
        yield from (("secret_scope", ("scope", scope.scope, name)) for name in names)
    if github := delivery.github:
        place = ("github", github.repository.lower(), github.environment.lower())
        yield from (("github", (*place, name.upper())) for name in (github.client_id, github.client_secret))
    if gitlab := delivery.gitlab:
        place = ("gitlab", gitlab.project.lower(), gitlab.environment_scope)
        yield from (("gitlab", (*place, name)) for name in (gitlab.client_id, gitlab.client_secret))


def scope_keys(stack: Stack, principal: str) -> tuple[str, str]:
    """The keys of a scope that hold a principal's application id and secret: as declared, or the default ones."""
    secret = stack.service_principals[principal].oauth_secret
    place = secret.deliver.secret_scope if secret and secret.deliver else None
    client_id, client_secret = (place.client_id, place.client_secret) if place else (None, None)
    prefix = stack.name_prefix + principal
    return client_id or f"{prefix}-client-id", client_secret or f"{prefix}-client-secret"
