"""Whom the preflight judges: the identity that deploys, which need not be the one that previews."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from model_serving.databricks.caller import Caller
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import CallError
from model_serving.databricks.principals import SCIM


@dataclass(frozen=True)
class Judged:
    """The identity that deploys, as the caller sees it."""

    deployer: Caller
    sees_grants: bool = True
    """Whether a privilege that the caller does not see is missing. Only administrators see those of others for sure."""
    is_assumed: bool = False
    """Whether nothing says who deploys, so that the caller of a preview is taken for it."""


def judged(
    workspace: Workspace, caller: Caller, declared: str | None, creators: Iterable[str], *, is_preview: bool
) -> Judged:
    """Who is judged: in `up` the caller; in a preview the declared deployer, else the sole creator of the endpoints."""
    if not is_preview:
        return Judged(caller)
    known = {*creators}
    name = declared or (known.pop() if len(known) == 1 else None)
    if name is None:
        return Judged(caller, is_assumed=True)
    if name.lower() == caller.name.lower():
        return Judged(caller)
    return Judged(Caller(name, _groups(workspace, name)), sees_grants=caller.is_admin)


def _groups(workspace: Workspace, name: str) -> frozenset[str]:
    """The groups of a user, or of the service principal with this application id; none if they can't be read."""
    kind, member = ("Users", "userName") if "@" in name else ("ServicePrincipals", "applicationId")
    query = quote(f'{member} eq "{name}"')
    try:
        resources = (workspace.find(f"{SCIM}/{kind}?filter={query}") or {}).get("Resources") or []
    except CallError:
        return frozenset()
    return frozenset(group["display"] for each in resources for group in each.get("groups") or ())
