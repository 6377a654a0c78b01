"""Service principals and their OAuth secrets, listed and deleted. Only workspace admins may do either."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.client import Workspace

_PRINCIPALS: Final = "/api/2.0/preview/scim/v2/ServicePrincipals"
_SECRETS: Final = "/api/2.0/accounts/servicePrincipals/{}/credentials/secrets"


@dataclass(frozen=True)
class Principal:
    """A service principal. `rights` are its entitlements, groups and roles."""

    id: str
    display_name: str
    rights: frozenset[tuple[str, str]] = frozenset()

    @property
    def label(self) -> str:
        """How messages name it."""
        return f'service principal "{self.display_name}" (id {self.id})'

    @property
    def removal(self) -> str:
        """The command that deletes it."""
        return f"databricks service-principals delete {self.id}"

    @property
    def path(self) -> str:
        """Its path in the API."""
        return f"{_PRINCIPALS}/{self.id}"


@dataclass(frozen=True)
class Secret:
    """An OAuth secret of a service principal. `created` and `expires` are RFC 3339 times, empty if the API has none."""

    id: str
    principal: str
    created: str = field(default="", compare=False)
    expires: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"OAuth secret {self.id} of service principal {self.principal}"

    @property
    def removal(self) -> str:
        """The command that deletes it."""
        return f"databricks service-principal-secrets-proxy delete {self.principal} {self.id}"

    @property
    def path(self) -> str:
        """Its path in the API."""
        return f"{_SECRETS.format(self.principal)}/{self.id}"

    @property
    def is_expired(self) -> bool:
        """Whether it can no longer be used."""
        return bool(self.expires) and datetime.fromisoformat(self.expires) < datetime.now(UTC)


def list_principals(workspace: Workspace, display_name: str) -> list[Principal]:
    """The service principals with exactly this display name, which need not be unique. Raises CallError."""
    value = display_name.replace("\\", "\\\\").replace('"', '\\"')
    query = quote(f'displayName eq "{value}"')
    resources = workspace.get(f"{_PRINCIPALS}?filter={query}").get("Resources") or []
    return [
        Principal(str(each["id"]), display_name, frozenset(_rights(each)))
        for each in resources
        if each.get("displayName") == display_name  # SCIM ignores case
    ]


def list_secrets(workspace: Workspace, principal: str) -> list[Secret]:
    """The secrets, without their values, of the service principal with this numeric id. Raises CallError."""
    secrets = workspace.get(_SECRETS.format(quote(principal))).get("secrets") or []
    return [
        Secret(str(each["id"]), principal, each.get("create_time") or "", each.get("expire_time") or "")
        for each in secrets
    ]


def _rights(principal: Mapping[str, Any]) -> set[tuple[str, str]]:
    kinds = ("entitlements", "groups", "roles")
    return {(kind, str(each.get("value"))) for kind in kinds for each in principal.get(kind) or []}
