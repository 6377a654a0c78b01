"""The identity of a workspace's credentials, and the groups that it belongs to."""

from dataclasses import dataclass

from model_serving.databricks.access_lists import ADMINS
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import DeniedError, SignInError
from model_serving.databricks.principals import ACCOUNT_USERS, SCIM


@dataclass(frozen=True)
class Caller:
    """The identity of the credentials, and the groups that it belongs to."""

    name: str
    groups: frozenset[str]
    display_name: str = ""

    @property
    def label(self) -> str:
        """The name for people: a service principal's own one is its application id."""
        return self.display_name or self.name

    @property
    def is_admin(self) -> bool:
        """Whether the caller is a workspace admin, who is assumed to have every privilege."""
        return ADMINS in self.groups

    @property
    def names(self) -> frozenset[str]:
        """Every principal whose grants apply to the caller."""
        return self.groups | {self.name, ACCOUNT_USERS}


def read_caller(workspace: Workspace) -> Caller:
    """The identity of the workspace's credentials. A service principal's name is its application id.

    Raises SignInError if the workspace does not know the token, and any other WorkspaceError.
    """
    try:
        me = workspace.get(f"{SCIM}/Me")
    except DeniedError as error:  # the answer to a token that the workspace does not know
        raise SignInError(str(error)) from error
    groups = frozenset(group["display"] for group in me.get("groups") or ())
    return Caller(me["userName"], groups, me.get("displayName") or "")
