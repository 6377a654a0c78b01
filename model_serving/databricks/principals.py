"""Groups of Databricks that everyone belongs to."""

from typing import Final

ACCOUNT_USERS: Final = "account users"
"""The group of everyone in the account."""

EVERYONE_GROUPS: Final = ("users", ACCOUNT_USERS)
"""The groups of everyone in the workspace and of everyone in the account."""


def is_everyone_group(name: str) -> bool:
    """Whether everyone in the workspace belongs to the group of this name."""
    return name.lower() in EVERYONE_GROUPS
