"""Service principals and OAuth secrets that an earlier run may have created without getting the answer.

Nothing shows who created them, so they are reported, with the command that removes each, and left alone.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from model_serving.components.args import ServicePrincipalArgs
from model_serving.components.engine.state import State
from model_serving.components.principals.listing import Secret, principals, secrets
from model_serving.databricks.client import Workspace, WorkspaceError, connect
from model_serving.databricks.resource_types import SERVICE_PRINCIPAL, SERVICE_PRINCIPAL_SECRET

_MOST: Final = 20
"""Of how many principals of one display name the secrets are asked for."""


def orphans(declared: Mapping[str, ServicePrincipalArgs], state: State, settings: Mapping[str, Any]) -> list[str]:
    """What is not in the state and may be left over, in sentences.

    Costs a listing for each principal that is created, and one for each that has secrets. Empty where the caller may
    not list them: whoever creates principals may.
    """
    if not declared or not state.is_known:
        return []
    try:
        workspace = connect(settings)
        return [line for key, args in declared.items() for line in _of(workspace, key, args, state)]
    except WorkspaceError:
        return []


def _of(workspace: Workspace, key: str, args: ServicePrincipalArgs, state: State) -> Iterator[str]:
    if isinstance(args.display_name, str):
        yield from _principals(
            workspace, args.display_name, {_id(each.outputs) for each in state.of(SERVICE_PRINCIPAL)}
        )
    ours = [_id(each.outputs) for each in state.of(SERVICE_PRINCIPAL) if each.name == key]
    if args.oauth_secret:
        kept = {
            str(each.outputs.get("servicePrincipalSecretId")) for each in state.of(SERVICE_PRINCIPAL_SECRET)
        }  # the bridge's name
        for principal in ours:
            yield from _secrets(workspace, str(args.display_name), principal, kept)


def _principals(workspace: Workspace, display_name: str, kept: set[str]) -> Iterator[str]:
    """Those with a secret are somebody's: another stack may use the same display name."""
    others = [each for each in principals(workspace, display_name) if each.id not in kept]
    for each in others[:_MOST]:
        if not secrets(workspace, each.id):
            yield (
                f"There is a {each.label} without a secret that is not in this stack: an earlier run may have lost the"
                f" answer to its creation. If nobody uses it, remove it: {each.removal}"
            )


def _secrets(workspace: Workspace, display_name: str, principal: str, kept: set[str]) -> Iterator[str]:
    for each in secrets(workspace, principal):
        if each.id not in kept and not each.is_expired:
            yield (
                f'Service principal "{display_name}" has an OAuth secret {each.id} that is not in this stack, created'
                f" {_age(each)}: an earlier run may have lost its value. If nobody uses it, remove it: {each.removal}"
            )


def _age(secret: Secret) -> str:
    if not secret.created:
        return "at an unknown time"
    days = (datetime.now(UTC) - datetime.fromisoformat(secret.created)).days
    return f"on {secret.created[:10]} ({days} days ago)" if days > 0 else f"today ({secret.created})"


def _id(outputs: Mapping[str, Any]) -> str:
    return str(outputs.get("id"))
