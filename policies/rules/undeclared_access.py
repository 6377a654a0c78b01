"""Endpoints without declared permissions, and permissions of live endpoints that nobody declared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_serving.contract.conditions import NO_UNDECLARED_PERMISSIONS, PERMISSIONS_DECLARED, PERMISSIONS_READABLE
from model_serving.databricks.access_lists import (
    CAN_MANAGE,
    KINDS,
    AccessEntry,
    access_list_path,
    direct_entries,
    without_own,
)
from model_serving.databricks.naming import provider_name
from model_serving.databricks.resource_types import ENDPOINT_ACCESS, MODEL_SERVING, PERMISSIONS
from model_serving.policies.live import Endpoints, LiveEndpoint, UnreadableError
from model_serving.policies.pack.input_values import UNKNOWN, at, items
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation, no_check
from model_serving.policies.rules.live_resource import live_resource, workspace_of


def belongs(grant: Registered, endpoint: Resource) -> bool:
    """Whether a resource for permissions belongs to an endpoint: it depends on it, or contains its id."""
    if grant.resource.type not in {PERMISSIONS, ENDPOINT_ACCESS}:
        return False
    wanted = grant.resource.inputs.get("servingEndpointId") or grant.resource.inputs.get("endpointId")
    own = endpoint.inputs.get("servingEndpointId")
    return endpoint.urn in grant.dependencies or (isinstance(wanted, str) and wanted == own)


@dataclass(frozen=True)
class _Access:
    """An endpoint and its declared access list, None if that is not managed."""

    endpoint: Resource
    declared: Registered | None
    live: LiveEndpoint | None = None
    workspace: Endpoints | None = field(default=None, compare=False)

    @property
    def path(self) -> str:
        return access_list_path(self.live.endpoint_id) if self.live else ""


def _lists(registered: Sequence[Registered]) -> list[_Access]:
    grants = [each for each in registered if each.resource.type in {PERMISSIONS, ENDPOINT_ACCESS}]
    return [
        _Access(each.resource, next((grant for grant in grants if belongs(grant, each.resource)), None))
        for each in registered
        if each.resource.type == MODEL_SERVING
    ]


def _check_declared(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    for access in _lists(registered):
        if access.declared is None:
            name = access.endpoint.inputs.get("name")
            yield (
                access.endpoint,
                Violation(
                    f'Permissions of endpoint "{name}" are not managed: whoever has access got it by hand, and loses '
                    "it when the endpoint is replaced",
                    fixes=("Declare `permissions`; an empty list leaves administrators and whoever deploys",),
                ),
            )


def _check_live(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    for access, undeclared, _ in _compared(registered):
        if undeclared:
            yield access.endpoint, _violation(access, undeclared)


def _check_readable(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    if unread := [(access.endpoint, error) for access, _, error in _compared(registered) if error]:
        (first, reason), names = unread[0], ", ".join(f'"{endpoint.inputs["name"]}"' for endpoint, _ in unread)
        yield first, Violation(f"The permissions of {names} could not be read, so nobody compared them ({reason})")


def _compared(
    registered: Sequence[Registered],
) -> Iterator[tuple[_Access, list[AccessEntry], UnreadableError | None]]:
    """Each live endpoint with the entries that nobody declared, or why they can't be read. The reads start together."""
    lists = [_with_live(access) for access in _lists(registered)]
    existing = [access for access in lists if access.live and access.workspace]
    for workspace in {id(access.workspace): access.workspace for access in existing}.values():
        if workspace:
            workspace.start(access.path for access in existing if access.workspace is workspace)
    for access in existing:
        try:
            yield access, _undeclared(access), None
        except UnreadableError as error:
            yield access, [], error


def _with_live(access: _Access) -> _Access:
    live = live_resource(access.endpoint)
    return _Access(access.endpoint, access.declared, live, workspace_of(access.endpoint) if live else None)


def _undeclared(access: _Access) -> list[AccessEntry]:
    """The live entries that the program does not declare. Raises UnreadableError."""
    assert access.live, "Only live endpoints are asked for"
    assert access.workspace, "A live endpoint was read from it"
    answer = access.workspace.find(access.path)
    deployer = at(access.endpoint.stack_spec, "deployer")
    entries = without_own(direct_entries(answer or {}), access.live.creator, deployer or None)
    declared = _declared(access.declared.resource) if access.declared else set()
    return [] if declared is UNKNOWN else [entry for entry in entries if _key(entry) not in declared]


def _declared(grant: Resource) -> Any:
    """The declared entries as member, name and level; UNKNOWN if one that isn't new may be any of the live ones."""
    if at(grant.inputs, "accessControls") is UNKNOWN:
        return UNKNOWN
    entries: set[tuple[str, str, str]] = set()
    for entry in items(grant.inputs, "accessControls"):
        for member in KINDS:
            name = at(entry, provider_name(member))
            if isinstance(name, str) and name:
                entries.add(_key(AccessEntry(member, name, str(at(entry, "permissionLevel")))))
    return entries


def _key(entry: AccessEntry) -> tuple[str, str, str]:
    """What two spellings of one entry have in common. The provider may name a service principal as a user."""
    kind = "group" if entry.member == "group_name" else "identity"
    return kind, entry.name if kind == "group" else entry.name.lower(), entry.level


def _violation(access: _Access, undeclared: list[AccessEntry]) -> Violation:
    name = access.live.name if access.live else ""
    listed = "; ".join(map(str, undeclared))
    if access.declared is None:
        message = f'Permissions of endpoint "{name}" were granted by hand: {listed}'
        return Violation(message, fixes=("Declare them under `permissions`, or remove them in the workspace",))
    is_empty = access.declared.resource.type == ENDPOINT_ACCESS
    fixes = ["Remove them: pulumi up" if is_empty else "Remove them: pulumi up --refresh"]
    if any(entry.level == CAN_MANAGE and entry.member != "group_name" for entry in undeclared):
        fixes.append("Declare the identity that deploys as `model-serving:deployer`")
    return Violation(f'Endpoint "{name}" has permissions that are not declared: {listed}', fixes=tuple(fixes))


permissions_declared = Rule(
    name=PERMISSIONS_DECLARED,
    description="Permissions of each endpoint are managed.",
    level="advisory",
    types=(MODEL_SERVING, PERMISSIONS, ENDPOINT_ACCESS),
    check=no_check,
    check_stack=_check_declared,
    why="Permissions set by hand are in no file, and are lost when the endpoint is replaced.",
    passes="An endpoint whose permissions are declared, an empty list too.",
    fails="An endpoint without declared permissions.",
)

no_undeclared_permissions = Rule(
    name=NO_UNDECLARED_PERMISSIONS,
    description="Nobody has permissions on a live endpoint that the program does not declare.",
    level="advisory",
    types=(MODEL_SERVING, PERMISSIONS, ENDPOINT_ACCESS),
    check=no_check,
    check_stack=_check_live,
    reads_workspace=True,
    why="A permission that was granted by hand, or by another tool, is in no file and no review shows it.",
    passes="The declared permissions; those of workspace administrators; CAN_MANAGE of the endpoint's creator and of "
    "the stack's `deployer`; inherited ones.",
    fails="Any other permission of a live endpoint, whether its list is managed or not.",
)

permissions_readable = Rule(
    name=PERMISSIONS_READABLE,
    description="The caller may read the permissions of the live endpoints.",
    level="advisory",
    types=(MODEL_SERVING, PERMISSIONS, ENDPOINT_ACCESS),
    check=no_check,
    check_stack=_check_readable,
    reads_workspace=True,
    why="What can't be read is compared by nobody.",
    passes="Permissions that the caller may read.",
    fails="Permissions that it may not read: all of them in one message.",
)
