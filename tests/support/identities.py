"""Service principals of an embedded workspace as identities that commands run as."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.running_workspace import RunningWorkspace

PRINCIPALS = "/api/2.0/preview/scim/v2/ServicePrincipals"
_GROUPS = "/api/2.0/preview/scim/v2/Groups"
_GRANTS = "/api/2.1/unity-catalog/permissions/catalog/main"


@dataclass(frozen=True)
class Identity:
    """A service principal, and the credentials that a shell has of it."""

    application_id: str
    credentials: Mapping[str, str]

    def shell(self, environment: Mapping[str, str], *, passphrase: bool = True) -> dict[str, str]:
        """The environment of a shell of this identity, with the passphrase of the stack's secrets or without it."""
        dropped = {"DATABRICKS_TOKEN"} | (set() if passphrase else {"PULUMI_CONFIG_PASSPHRASE"})
        return {name: value for name, value in environment.items() if name not in dropped} | dict(self.credentials)


def new_identity(workspace: RunningWorkspace, name: str, *, admin: bool = False, may_serve: bool = False) -> Identity:
    """A new service principal: a workspace administrator if `admin`, with the right to serve models if `may_serve`."""
    made = workspace.post(PRINCIPALS, {"displayName": name})
    secret = workspace.post(f"/api/2.0/accounts/servicePrincipals/{made['id']}/credentials/secrets", {})["secret"]
    if admin:
        groups = workspace.get(f"{_GROUPS}?filter=displayName%20eq%20%22admins%22")["Resources"]
        member = {"op": "add", "path": "members", "value": [{"value": made["id"]}]}
        workspace.patch(f"{_GROUPS}/{groups[0]['id']}", {"Operations": [member]})
    if may_serve:
        grant = {"principal": made["applicationId"], "add": ["USE_CATALOG", "USE_SCHEMA", "EXECUTE"]}
        workspace.patch(_GRANTS, {"changes": [grant]})
    credentials = {"DATABRICKS_CLIENT_ID": made["applicationId"], "DATABRICKS_CLIENT_SECRET": secret}
    return Identity(made["applicationId"], credentials)


def access_list(endpoint_id: str) -> str:
    """The path of an endpoint's access list."""
    return f"/api/2.0/permissions/serving-endpoints/{endpoint_id}"


def entry(principal: str, level: str) -> dict[str, str]:
    """An entry of an access list, for a user, a group or a service principal."""
    is_id = principal.count("-") == 4
    member = "user_name" if "@" in principal else "service_principal_name" if is_id else "group_name"
    return {member: principal, "permission_level": level}
