"""What the state of a stack has: endpoints, service principals with their secrets, secret scopes and deliveries.

Nothing is decrypted: ids, names and times are in plaintext.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_serving.databricks.access_lists import KINDS, AccessEntry
from model_serving.databricks.naming import provider_name
from model_serving.databricks.resource_types import (
    ENDPOINT_ACCESS,
    ENDPOINT_SETTINGS,
    ENDPOINT_STOP,
    MODEL_SERVING,
    PERMISSIONS,
    SECRET_DELIVERY,
    SECRET_SCOPE,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_COMPONENT,
    SERVICE_PRINCIPAL_SECRET,
    SERVING_ENDPOINT_COMPONENT,
)
from model_serving.operations.stack_state import Resource
from model_serving.spec.endpoint_resources import key_of

_PROFILE: Final = "telemetryProfile"


@dataclass(frozen=True)
class DeployedEndpoint:
    """An endpoint as the last deployment left it."""

    resource: str
    """Its resource name in Pulumi."""
    name: str
    id: str
    inputs: Mapping[str, Any] = field(repr=False)
    """Of `databricks.ModelServing`."""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The outputs of its EndpointSettings; empty without one."""
    access: tuple[AccessEntry, ...] | None = None
    """Its permissions; None where they are not managed."""
    is_stopped: bool = False
    """Whether it has an EndpointStop."""

    @property
    def key(self) -> str:
        """Its key in the stack file."""
        return key_of(self.resource)

    @property
    def telemetry_profile(self) -> str:
        """The id of the profile that the workspace created from the declared tables; empty if there is none."""
        return str(self.settings.get(_PROFILE) or "")


@dataclass(frozen=True)
class DeployedPrincipal:
    """A service principal that the stack created, or uses, with its OAuth secrets."""

    key: str
    application_id: str
    id: str = ""
    """Its numeric id; empty where it is not known: of one that the stack uses, and gave no secret."""
    is_created: bool = False
    """Whether the stack created it."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """The ids of its OAuth secrets by resource name."""
    deliveries: tuple[Mapping[str, Any], ...] = ()
    """The outputs of each SecretDelivery."""


@dataclass(frozen=True)
class Deployed:
    """The state of a stack, as far as drift needs it."""

    endpoints: tuple[DeployedEndpoint, ...] = ()
    principals: Mapping[str, DeployedPrincipal] = field(default_factory=dict)
    """By key."""
    scopes: Mapping[str, str] = field(default_factory=dict)
    """The names of secret scopes by key."""


def deployed(resources: Iterable[Resource]) -> Deployed:
    """The state's resources. One that is to be deleted is none."""
    known = [each for each in resources if not each.get("delete")]
    return Deployed(
        tuple(_endpoints(known)),
        {each.key: each for each in _principals(known)},
        {_name(each): str(_outputs(each).get("name") or each.get("id")) for each in _of(known, SECRET_SCOPE)},
    )


def _endpoints(resources: list[Resource]) -> Iterator[DeployedEndpoint]:
    components = {str(each["urn"]) for each in _of(resources, SERVING_ENDPOINT_COMPONENT)}
    settings = {each.get("parent"): _outputs(each) for each in _of(resources, ENDPOINT_SETTINGS)}
    stopped = {each.get("parent") for each in _of(resources, ENDPOINT_STOP)}
    access = {each.get("parent"): _entries(each) for each in _of(resources, ENDPOINT_ACCESS, PERMISSIONS)}
    for each in _of(resources, MODEL_SERVING):
        outputs, parent = _outputs(each), each.get("parent")
        if parent in components and outputs.get("servingEndpointId"):
            name, identity = str(outputs["name"]), str(outputs["servingEndpointId"])
            inputs, own = each.get("inputs") or {}, settings.get(parent, {})
            is_stopped = parent in stopped
            yield DeployedEndpoint(_name(each), name, identity, inputs, own, access.get(parent), is_stopped)


def _entries(permissions: Resource) -> tuple[AccessEntry, ...]:
    """The entries of `databricks.Permissions`; EndpointAccess has none."""
    entries = []
    for each in (permissions.get("inputs") or {}).get("accessControls") or []:
        member = next((name for name in KINDS if each.get(provider_name(name))), None)
        if member:
            entries.append(AccessEntry(member, str(each[provider_name(member)]), str(each.get("permissionLevel"))))
    return tuple(entries)


def _principals(resources: list[Resource]) -> Iterator[DeployedPrincipal]:
    secrets, owners = _by_parent(resources, SERVICE_PRINCIPAL_SECRET), {}
    for each in _of(resources, SERVICE_PRINCIPAL_SECRET):
        owners[each.get("parent")] = (each.get("inputs") or {}).get("servicePrincipalId")
    created, deliveries = _by_parent(resources, SERVICE_PRINCIPAL), _by_parent(resources, SECRET_DELIVERY)
    for component in _of(resources, SERVICE_PRINCIPAL_COMPONENT):
        urn, own = component["urn"], created.get(component["urn"], [{}])[0]
        application = _outputs(own).get("applicationId") or _outputs(component).get("applicationId")
        if isinstance(application, str):
            yield DeployedPrincipal(
                _name(component),
                application,
                str(own.get("id") or owners.get(urn) or ""),
                bool(own),
                {_name(each): str(each.get("id") or "") for each in secrets.get(urn, [])},
                tuple(_outputs(each) for each in deliveries.get(urn, [])),
            )


def _by_parent(resources: list[Resource], kind: str) -> dict[Any, list[Resource]]:
    found: dict[Any, list[Resource]] = {}
    for each in _of(resources, kind):
        found.setdefault(each.get("parent"), []).append(each)
    return found


def _of(resources: Iterable[Resource], *kinds: str) -> list[Resource]:
    return [each for each in resources if each.get("type") in kinds]


def _outputs(resource: Resource) -> Mapping[str, Any]:
    return resource.get("outputs") or {}


def _name(resource: Resource) -> str:
    return str(resource["urn"]).rpartition("::")[2]
