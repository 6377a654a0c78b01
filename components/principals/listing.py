"""Service principals and their OAuth secrets, listed and deleted. Only workspace administrators may do either."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.client import Workspace

_SCIM: Final = "/api/2.0/preview/scim/v2/ServicePrincipals"
_SECRETS: Final = "/api/2.0/accounts/servicePrincipals/{}/credentials/secrets"


@dataclass(frozen=True)
class Principal:
    """A service principal. `rights` are its entitlements, groups and roles."""

    id: str
    display_name: str
    rights: frozenset[tuple[str, str]] = frozenset()

    @property
    def label(self) -> str:
        return f'service principal "{self.display_name}" (id {self.id})'

    @property
    def removal(self) -> str:
        """The command that deletes it."""
        return f"databricks service-principals delete {self.id}"

    def remove(self, workspace: Workspace) -> None:
        workspace.call("DELETE", f"{_SCIM}/{self.id}")


@dataclass(frozen=True)
class Secret:
    """An OAuth secret of a service principal. `created` and `expires` are times in RFC 3339, where the API has them."""

    id: str
    principal: str
    created: str = field(default="", compare=False)
    expires: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        return f"OAuth secret {self.id} of service principal {self.principal}"

    @property
    def removal(self) -> str:
        """The command that deletes it."""
        return f"databricks service-principal-secrets-proxy delete {self.principal} {self.id}"

    @property
    def is_expired(self) -> bool:
        return bool(self.expires) and datetime.fromisoformat(self.expires) < datetime.now(UTC)

    def remove(self, workspace: Workspace) -> None:
        workspace.call("DELETE", f"{_SECRETS.format(self.principal)}/{self.id}")


def principals(workspace: Workspace, display_name: str) -> list[Principal]:
    """All that have exactly this display name, which need not be unique. Raises CallError."""
    value = display_name.replace("\\", "\\\\").replace('"', '\\"')
    wanted = quote(f'displayName eq "{value}"')
    found = workspace.get(f"{_SCIM}?filter={wanted}").get("Resources") or []
    return [
        Principal(str(each["id"]), display_name, frozenset(_rights(each)))
        for each in found
        if each.get("displayName") == display_name  # SCIM compares without case
    ]


def secrets(workspace: Workspace, principal: str) -> list[Secret]:
    """All secrets of the principal with that numeric id, without their values. Raises CallError."""
    found = workspace.get(_SECRETS.format(quote(principal))).get("secrets") or []
    return [
        Secret(str(each["id"]), principal, each.get("create_time") or "", each.get("expire_time") or "")
        for each in found
    ]


def _rights(found: Mapping[str, Any]) -> set[tuple[str, str]]:
    kinds = ("entitlements", "groups", "roles")
    return {(kind, str(each.get("value"))) for kind in kinds for each in found.get(kind) or []}
