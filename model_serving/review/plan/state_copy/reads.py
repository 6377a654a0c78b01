"""What the reader's identity may read of the resources in a state, asked before the provider reads them.

The provider ends a refresh with an error where a read is refused: secrets of service principals are for workspace
administrators, an endpoint's access list for those who may view the endpoint, grants for those who manage them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from model_serving.databricks.access_lists import access_list_path, direct_entries
from model_serving.databricks.caller import Caller, read_caller
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import CallError, DeniedError
from model_serving.databricks.principals import SCIM, oauth_secrets_path
from model_serving.databricks.resource_types import (
    DATABRICKS_PROVIDER,
    ENDPOINT_ACCESS,
    ENDPOINT_SETTINGS,
    ENDPOINT_STOP,
    GRANT,
    MODEL_SERVING,
    PERMISSIONS,
    SECRET_ACL,
    SECRET_DELIVERY,
    SECRET_SCOPE,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_SECRET,
)
from model_serving.databricks.secret_scopes import keys_path
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.review.plan.state_copy.access import observed
from model_serving.review.plan.state_copy.checkpoint import Resource, resource_name, resource_type

_PARALLEL: Final = 16
_SECURABLES: Final = ("catalog", "schema", "table", "function", "model")
"""The inputs of a grant that name its securable. The API knows models as functions."""


_OF_THIS_LIBRARY: Final = (ENDPOINT_SETTINGS, ENDPOINT_ACCESS, ENDPOINT_STOP, SECRET_DELIVERY)
"""Dynamic resources: they have the Databricks provider's settings, and another provider."""


@dataclass
class Observation:
    """What was read of a state's resources. `excluded` and `changed` are by URN."""

    reader: str = ""
    """The reader's name, for messages."""
    excluded: set[str] = field(default_factory=set)
    """What the provider must not read: access lists, which were read here, and what the reader may not read."""
    changed: dict[str, Resource] = field(default_factory=dict)
    """Access lists that differ from the state, as the workspace has them."""
    unread: dict[str, list[str]] = field(default_factory=dict)
    """The names of the resources that the reader may not read, by what they are."""

    def add_unread(self, what: str, resource: Resource) -> None:
        """Keep a resource as it is in the state."""
        self.excluded.add(str(resource["urn"]))
        self.unread.setdefault(what, []).append(resource_name(resource))


@dataclass(frozen=True)
class _Live:
    """The reader, and the endpoints that it may view."""

    reader: Caller
    by_name: Mapping[str, Any]
    by_id: Mapping[str, Any]


_Record = Callable[[Observation], None]


def observe(resources: Sequence[Resource], workspace: Workspace, deployer: str | None) -> Observation:
    """Read the access lists, and find out what else the reader may read. The reads are started together.

    Raises WorkspaceError if the workspace does not answer or rejects the credentials.
    """
    observation = Observation()
    wanted = [each for each in resources if resource_type(each) in _READS and _is_of_the_stack(each)]
    if not wanted:
        return observation
    with ThreadPoolExecutor(_PARALLEL) as pool:
        caller, listed = pool.submit(read_caller, workspace), pool.submit(workspace.get, ENDPOINTS_PATH)
        reader = caller.result()  # first: it says whether the credentials are accepted
        endpoints = listed.result().get("endpoints") or []
        live = _Live(reader, {each["name"]: each for each in endpoints}, {each["id"]: each for each in endpoints})
        observation.reader = reader.label
        reads = [pool.submit(_READS[resource_type(each)], workspace, live, deployer, each) for each in wanted]
        for read in reads:
            read.result()(observation)
    return observation


def _is_of_the_stack(resource: Resource) -> bool:
    """Whether a resource is in the workspace of the stack's own provider: an explicit one may be for another."""
    provider = str(resource.get("provider") or "")
    return f"{DATABRICKS_PROVIDER}::default" in provider or (
        resource_type(resource) in _OF_THIS_LIBRARY and not resource["inputs"].get("workspace")
    )


def _nothing(_observation: Observation) -> None:
    """The provider reads it."""


def _unread(what: str, resource: Resource) -> _Record:
    return lambda observation: observation.add_unread(what, resource)


def _read_access_list(workspace: Workspace, live: _Live, deployer: str | None, resource: Resource) -> _Record:
    endpoint_id = resource["inputs"].get("servingEndpointId")
    if not isinstance(endpoint_id, str):
        return _nothing  # of another kind of object
    try:
        answer = workspace.find(access_list_path(endpoint_id))
    except DeniedError:
        return _unread("permissions", resource)
    except CallError:
        return _nothing  # the provider reports it
    if answer is None:
        return _nothing  # the provider finds that it is gone
    endpoint = live.by_id.get(endpoint_id)

    def record(observation: Observation) -> None:
        observation.excluded.add(str(resource["urn"]))
        # The list of a deleted endpoint can still be read, but its creator is not known any more.
        if endpoint and (after := observed(resource, direct_entries(answer), deployer or endpoint.get("creator"))):
            observation.changed[str(resource["urn"])] = after

    return record


def _read_endpoint(workspace: Workspace, live: _Live, _deployer: str | None, resource: Resource) -> _Record:
    name = resource["inputs"].get("endpointName") or resource["inputs"].get("name")
    if not isinstance(name, str) or name in live.by_name:
        return _nothing
    return _refused(workspace, endpoint_path(name), "endpoints", resource)


def _read_empty_list(workspace: Workspace, _live: _Live, _deployer: str | None, resource: Resource) -> _Record:
    """EndpointAccess compares the list itself, in the same way for every reader."""
    return _refused(workspace, access_list_path(str(resource["inputs"].get("endpointId"))), "permissions", resource)


def _read_secrets(workspace: Workspace, _live: _Live, _deployer: str | None, resource: Resource) -> _Record:
    principal = resource["inputs"].get("servicePrincipalId")
    if not isinstance(principal, str):
        return _nothing
    return _refused(workspace, oauth_secrets_path(principal), "OAuth secrets", resource)


def _read_principal(workspace: Workspace, _live: _Live, _deployer: str | None, resource: Resource) -> _Record:
    path = f"{SCIM}/ServicePrincipals/{quote(str(resource.get('id')), safe='')}"
    return _refused(workspace, path, "service principals", resource)


def _read_scope(workspace: Workspace, _live: _Live, _deployer: str | None, resource: Resource) -> _Record:
    """A scope is listed for those with a right on it only: the provider takes others' for deleted."""
    what = "secret scopes" if resource_type(resource) == SECRET_SCOPE else "deliveries to secret scopes"
    name = resource["inputs"].get("name") or resource["inputs"].get("scope")
    return _refused(workspace, keys_path(str(name)), what, resource)


def _read_scope_readers(workspace: Workspace, _live: _Live, _deployer: str | None, resource: Resource) -> _Record:
    path = f"/api/2.0/secrets/acls/list?scope={quote(str(resource['inputs'].get('scope')), safe='')}"
    return _refused(workspace, path, "readers of secret scopes", resource)


def _read_grant(workspace: Workspace, live: _Live, _deployer: str | None, resource: Resource) -> _Record:
    """A reader without the right to manage grants may get an answer without those of others."""
    inputs = resource["inputs"]
    kind = next((each for each in _SECURABLES if isinstance(inputs.get(each), str)), None)
    if kind is None or live.reader.is_admin:
        return _nothing
    path = f"/api/2.1/unity-catalog/permissions/{'function' if kind == 'model' else kind}/{quote(inputs[kind])}"
    try:
        answer = workspace.find(path)
    except DeniedError:
        return _unread("grants", resource)
    except CallError:
        return _nothing
    entries: Iterator[Any] = iter((answer or {}).get("privilege_assignments") or ())
    shown = any(each.get("principal") == inputs.get("principal") for each in entries)
    return _nothing if shown else _unread("grants", resource)


def _refused(workspace: Workspace, path: str, what: str, resource: Resource) -> _Record:
    try:
        workspace.find(path)
    except DeniedError:
        return _unread(what, resource)
    except CallError:
        return _nothing
    return _nothing


_READS: Final[Mapping[str, Callable[[Workspace, _Live, str | None, Resource], _Record]]] = {
    PERMISSIONS: _read_access_list,
    ENDPOINT_ACCESS: _read_empty_list,
    MODEL_SERVING: _read_endpoint,
    ENDPOINT_SETTINGS: _read_endpoint,
    ENDPOINT_STOP: _read_endpoint,
    SERVICE_PRINCIPAL_SECRET: _read_secrets,
    SERVICE_PRINCIPAL: _read_principal,
    SECRET_SCOPE: _read_scope,
    SECRET_DELIVERY: _read_scope,
    SECRET_ACL: _read_scope_readers,
    GRANT: _read_grant,
}
