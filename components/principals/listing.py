"""Service principals and their OAuth secrets, listed and deleted. Only workspace admins may do either."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.client import Workspace
from model_serving.databricks.principals import SCIM, oauth_secrets_path

_PRINCIPALS: Final = f"{SCIM}/ServicePrincipals"


@dataclass(frozen=True)
class _Listed:
    """One that exists. `label` names it in messages; `path` is its path in the API, `removal` the command for it."""

    id: str
    label: str
    path: str
    removal: str


@dataclass(frozen=True)
class Principal(_Listed):
    """A service principal. `rights` are its entitlements, groups and roles."""

    rights: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Secret(_Listed):
    """An OAuth secret of a service principal. `created` and `expires` are RFC 3339 times, empty if the API has none."""

    created: str
    expires: str

    @property
    def is_expired(self) -> bool:
        """Whether it can no longer be used."""
        return bool(self.expires) and datetime.fromisoformat(self.expires) < datetime.now(UTC)


def list_principals(workspace: Workspace, display_name: str) -> list[Principal]:
    """The service principals with exactly this display name, which need not be unique. Raises CallError."""
    value = display_name.replace("\\", "\\\\").replace('"', '\\"')
    query = quote(f'displayName eq "{value}"')
    resources = workspace.get(f"{_PRINCIPALS}?filter={query}").get("Resources") or []
    # SCIM ignores case
    return [_principal(each, display_name) for each in resources if each.get("displayName") == display_name]


def list_secrets(workspace: Workspace, principal: str) -> list[Secret]:
    """The secrets, without their values, of the service principal with this numeric id. Raises CallError."""
    path = oauth_secrets_path(principal)
    return [_secret(each, principal, path) for each in workspace.get(path).get("secrets") or []]


def _principal(answer: Mapping[str, Any], display_name: str) -> Principal:
    id_, kinds = str(answer["id"]), ("entitlements", "groups", "roles")
    rights = frozenset((kind, str(each.get("value"))) for kind in kinds for each in answer.get(kind) or [])
    label = f'service principal "{display_name}" (id {id_})'
    return Principal(id_, label, f"{_PRINCIPALS}/{id_}", f"databricks service-principals delete {id_}", rights)


def _secret(answer: Mapping[str, Any], principal: str, path: str) -> Secret:
    id_ = str(answer["id"])
    label = f"OAuth secret {id_} of service principal {principal}"
    removal = f"databricks service-principal-secrets-proxy delete {principal} {id_}"
    times = (answer.get("create_time") or "", answer.get("expire_time") or "")
    return Secret(id_, label, f"{path}/{id_}", removal, *times)
