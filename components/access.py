"""Who may do what with an endpoint, as the access controls of `databricks.Permissions`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from stacks.spec import Level, PrincipalKind

_PROVIDER_NAMES: dict[PrincipalKind, str] = {
    "service_principal": "servicePrincipalName",
    "user": "userName",
    "group": "groupName",
}


@dataclass(frozen=True)
class PermissionArgs:
    """One permission level for one principal. A service principal is named by its application id."""

    kind: PrincipalKind
    principal: pulumi.Input[str]
    level: Level


def access_controls(permissions: Sequence[PermissionArgs]) -> list[dict[str, Any]]:
    """The whole access list of an endpoint: `databricks.Permissions` replaces what was there."""
    return [
        {_PROVIDER_NAMES[permission.kind]: permission.principal, "permissionLevel": permission.level}
        for permission in permissions
    ]
