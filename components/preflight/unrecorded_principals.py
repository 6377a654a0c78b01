"""Warnings about service principals and OAuth secrets that an earlier run may have created without an answer.

The workspace does not record who created them. Each warning has the command that removes one; nothing is deleted here.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.components.args import ServicePrincipalArgs
from model_serving.components.engine.state import State
from model_serving.components.principals.listing import Secret, list_principals, list_secrets
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.resource_types import SERVICE_PRINCIPAL, SERVICE_PRINCIPAL_SECRET

_MAX_CHECKED: Final = 20
"""For how many service principals of one display name the secrets are listed."""


def unrecorded_principals(
    declared: Mapping[str, ServicePrincipalArgs], state: State, settings: Mapping[str, Any]
) -> list[str]:
    """A warning for each service principal or OAuth secret that is not in the state and may be left over.

    Sends a request for each declared principal, and another for each that has secrets. Empty if the caller may not
    list them; a caller that creates principals may.
    """
    if not declared or not state.is_known:
        return []
    try:
        workspace = connect(settings)
        return [line for key, args in declared.items() for line in _warnings(workspace, key, args, state)]
    except WorkspaceError:
        return []


def _warnings(workspace: Workspace, key: str, args: ServicePrincipalArgs, state: State) -> Iterator[str]:
    recorded = {each.id: each.name for each in state.of(SERVICE_PRINCIPAL)}
    if isinstance(args.display_name, str):
        yield from _principal_warnings(workspace, args.display_name, recorded)
    if args.oauth_secret:
        # The name that the bridge gives to the id of a secret.
        secrets = {str(each.outputs.get("servicePrincipalSecretId")) for each in state.of(SERVICE_PRINCIPAL_SECRET)}
        for principal in (principal for principal, name in recorded.items() if name == key):
            yield from _secret_warnings(workspace, str(args.display_name), principal, secrets)


def _principal_warnings(workspace: Workspace, display_name: str, recorded: Mapping[str, str]) -> Iterator[str]:
    """Principals with a secret are skipped: another stack may use the same display name."""
    unrecorded = [each for each in list_principals(workspace, display_name) if each.id not in recorded]
    for each in unrecorded[:_MAX_CHECKED]:
        if not list_secrets(workspace, each.id):
            yield (
                f"There is a {each.label} without a secret that is not in this stack: an earlier run may have lost the"
                f" answer to its creation. If nobody uses it, remove it: {each.removal}"
            )


def _secret_warnings(workspace: Workspace, display_name: str, principal: str, recorded: set[str]) -> Iterator[str]:
    for each in list_secrets(workspace, principal):
        if each.id not in recorded and not each.is_expired:
            yield (
                f'Service principal "{display_name}" has an OAuth secret {each.id} that is not in this stack, created'
                f" {_created(each)}: an earlier run may have lost its value. If nobody uses it, remove it:"
                f" {each.removal}"
            )


def _created(secret: Secret) -> str:
    if not secret.created:
        return "at an unknown time"
    days = (datetime.now(UTC) - datetime.fromisoformat(secret.created)).days
    return f"on {secret.created[:10]} ({days} days ago)" if days > 0 else f"today ({secret.created})"
