"""Users, groups and service principals: their paths in the REST API, and the groups of everyone."""

from typing import Final
from urllib.parse import quote

SCIM: Final = "/api/2.0/preview/scim/v2"
"""The path of users, groups and service principals."""

ACCOUNT_USERS: Final = "account users"
"""The group of everyone in the account."""

EVERYONE_GROUPS: Final = ("users", ACCOUNT_USERS)
"""The groups of everyone in the workspace and of everyone in the account."""


def oauth_secrets_path(principal: str) -> str:
    """The path of the OAuth secrets of the service principal with this numeric id."""
    return f"/api/2.0/accounts/servicePrincipals/{quote(principal, safe='')}/credentials/secrets"


def is_everyone_group(name: str) -> bool:
    """Whether everyone in the workspace belongs to the group of this name."""
    return name.lower() in EVERYONE_GROUPS
