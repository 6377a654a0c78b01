"""Compare one endpoint with its declaration and with the state: its one class, and the fields that differ."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model_serving.databricks.access_lists import CAN_MANAGE, AccessEntry
from model_serving.databricks.serving_endpoints import is_updating
from model_serving.operations.drift.conditions import condition_of, traces_of
from model_serving.operations.drift.declared import Declared
from model_serving.operations.drift.deployed import DeployedEndpoint
from model_serving.operations.drift.endpoint_fields import endpoint_fields
from model_serving.operations.drift.identities import Principal, principal_of
from model_serving.operations.drift.permissions import entry_path, live_entries, permission_drifts, without_unknown
from model_serving.operations.drift.reads import Answer, Unread
from model_serving.operations.drift.report import Condition, FieldDrift, Kind, Origin, Orphan, OrphanKind, ResourceDrift


@dataclass(frozen=True)
class Known:
    """What is known of the stack that an endpoint belongs to."""

    stack: str
    has_files: bool
    """Whether its files could be read."""
    has_state: bool
    """Whether its state could be read."""
    key_of: Callable[[str], str]
    """The key of a service principal of the stack by its application id; any other name as it is."""
    caller: Callable[[], str | None]
    """The name of whoever reads; asked only where an access list has an entry that may be its own."""
    is_named: Callable[[str], bool]
    """Whether a stack file names the principal."""
    owner: Callable[[str, str], str]
    """The other stack whose state has the endpoint of this name and id; empty if none has."""


@dataclass(frozen=True)
class StackEndpoint:
    """An endpoint of a stack: as it is declared, as it was deployed, or both."""

    known: Known
    declared: Declared | None
    deployed: DeployedEndpoint | None

    @property
    def name(self) -> str:
        """Its name in the workspace: the deployed one, or else the declared one."""
        named = self.deployed or self.declared
        return named.name if named else ""

    @property
    def is_managed(self) -> bool:
        """Whether its permissions are declared."""
        return self.declared is not None and self.declared.permissions is not None

    def compared(self, live: Answer, access: Answer, deleted: Collection[Principal] = ()) -> ResourceDrift:
        """Its class and fields. `live` is GET's answer, `access` that for its access list, if that is managed.

        Entries of `deleted` principals are orphans.
        """
        key = self.declared.key if self.declared else self.deployed.key if self.deployed else ""
        path = self.declared.path if self.declared else ()
        found = ResourceDrift(Kind.ENDPOINT, self.name, Condition.AS_DECLARED, self.known.stack, key, path)
        if isinstance(live, Unread):
            return replace(found, condition=Condition.NOT_READABLE, reason=live.reason)
        if live is None:
            return self._absent(found)
        creator, traces = str(live.get("creator") or ""), tuple(traces_of(live))
        found = replace(found, id=str(live.get("id") or ""), creator=creator, traces=traces, live=live)
        if self.declared is None:
            return self._undeclared(found)
        fields = endpoint_fields(self.declared, self.deployed, live, self.known.key_of)
        unread = ""
        if isinstance(access, Mapping):
            fields += self._permissions(self.declared, live, access, deleted)
        elif self.is_managed:
            unread = f"its permissions can't be read: {access or 'the workspace has no list for it'}"
        found = replace(found, fields=tuple(fields))
        if self.deployed is None and self.known.has_state:
            return self._unowned(found, self.declared, live)
        condition, reason = condition_of(found.fields, self.declared, live)
        if unread and not condition.is_drift:
            return replace(found, condition=Condition.NOT_READABLE, reason=unread)
        return replace(found, condition=condition, reason="; ".join(each for each in (reason, unread) if each))

    def _absent(self, found: ResourceDrift) -> ResourceDrift:
        if self.deployed or not self.known.has_state:
            return replace(found, condition=Condition.MISSING, reason="it is not in the workspace")
        return replace(found, condition=Condition.NOT_DEPLOYED, reason="no deployment has created it")

    def _undeclared(self, found: ResourceDrift) -> ResourceDrift:
        if not self.known.has_files:
            return replace(found, condition=Condition.NOT_READABLE, reason="the stack files have errors")
        reason = "in the state and no longer in the stack files: the next `up` deletes it"
        return replace(found, condition=Condition.UNDECLARED, reason=reason)

    def _unowned(self, found: ResourceDrift, declared: Declared, live: Mapping[str, Any]) -> ResourceDrift:
        """An endpoint that is declared, and not in the stack's state."""
        if owner := self.known.owner(found.name, found.id):
            return replace(found, condition=Condition.OTHER_STACK, owner=owner, reason=f"the state of {owner} has it")
        if is_updating(live) and not live.get("config"):
            reason = "it is being created, and not in the state yet"
            return replace(found, condition=Condition.UPDATING, reason=reason, fields=())
        if declared.endpoint.adopt_id == found.id:
            reason = "the next `up` takes it under management"
            return replace(found, condition=Condition.NOT_DEPLOYED, reason=reason)
        return replace(found, condition=Condition.MADE_BY_HAND, reason="declared, but no stack has created it")

    def entries(self, live: Answer, access: Answer) -> list[AccessEntry]:
        """The entries of its access list, if that is managed, without what its owners have undeclared."""
        if self.declared is None or not isinstance(live, Mapping) or not isinstance(access, Mapping):
            return []
        wanted, owners = self.declared.permissions or (), [str(live.get("creator") or ""), self.declared.deployer]
        found = live_entries(access, wanted, owners)
        if any(each.level == CAN_MANAGE and each not in wanted for each in found):
            found = live_entries(access, wanted, [*owners, self.known.caller()])
        return found

    def undeclared(self, live: Answer, access: Answer) -> list[AccessEntry]:
        """Those of the entries whose principals the endpoint doesn't declare."""
        wanted = self.declared.permissions if self.declared else None
        principals = [*map(principal_of, wanted or ())]
        return [each for each in self.entries(live, access) if principal_of(each) not in principals]

    def orphans(self, live: Answer, access: Answer, deleted: Collection[Principal]) -> Iterator[Orphan]:
        """The entries of principals that no longer exist."""
        for each in self.undeclared(live, access):
            if principal_of(each) in deleted:
                stack, reason = self.known.stack, "the principal no longer exists"
                removal = f"pulumi up --refresh --stack {stack}"
                yield Orphan(OrphanKind.PERMISSION, stack, self.name, str(each), reason, removal)

    def _permissions(
        self, declared: Declared, live: Answer, access: Answer, deleted: Collection[Principal]
    ) -> list[FieldDrift]:
        key_of, entries = self.known.key_of, self.entries(live, access)
        there = [each for each in entries if principal_of(each) not in deleted]
        wanted: Sequence[AccessEntry] = declared.permissions or ()
        if not self.known.has_state:
            wanted, there = without_unknown(wanted, there)
        unnamed = {entry_path(each, key_of) for each in there if not self.known.is_named(each.name)}
        drifts = [
            replace(each, note="no stack file names this principal" if each.path in unnamed else "")
            for each in permission_drifts(wanted, there, key_of)
        ]
        if self.deployed is None or self.deployed.access is None:
            return drifts
        levels = {entry_path(each, key_of): each.level for each in self.deployed.access}
        return [
            replace(each, origin=Origin.NOT_DEPLOYED if levels.get(each.path) == each.live else Origin.OUTSIDE)
            for each in drifts
        ]


def by_hand(summary: Mapping[str, Any]) -> ResourceDrift:
    """An endpoint of the listing that is in no stack file and in no state."""
    return ResourceDrift(
        Kind.ENDPOINT,
        str(summary["name"]),
        Condition.MADE_BY_HAND,
        id=str(summary.get("id") or ""),
        creator=str(summary.get("creator") or ""),
        reason="in no stack file",
        traces=tuple(traces_of(summary)),
    )
