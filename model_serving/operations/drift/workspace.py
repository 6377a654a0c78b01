"""Compare stacks with the workspace that they are deployed to: every read, and every endpoint in its class."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from model_serving.components.preflight.privileges import UNITY_CATALOG
from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.principals import SCIM
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.operations.drift.audit import with_events
from model_serving.operations.drift.declared import aliases
from model_serving.operations.drift.endpoint import Known, StackEndpoint, by_hand
from model_serving.operations.drift.found import Found
from model_serving.operations.drift.identities import deleted_principals
from model_serving.operations.drift.principals import compare_principals
from model_serving.operations.drift.reads import Answer, Reader
from model_serving.operations.drift.report import ResourceDrift, WorkspaceDrift
from model_serving.operations.drift.scopes import compare_scopes
from model_serving.operations.drift.sources import Source, joined
from model_serving.spec.succession import declared_endpoints

_SYSTEM: Final = "databricks-"
"""How the names of Databricks' own endpoints begin. Source: product documentation, create endpoints: the prefix is
reserved."""


@dataclass
class Comparison:
    """The comparison of stacks with one workspace.

    `others` are the stacks of the same workspace that are not compared: they may have an endpoint that these declare.
    """

    reader: Reader
    sources: Sequence[Source]
    others: Callable[[], Sequence[Source]]
    whole: bool
    warehouse: str = ""
    """The id of a SQL warehouse to read the audit log with; empty if none is known."""
    notify: Callable[[str], None] = lambda _: None
    found: Found = field(default_factory=Found)

    def run(self) -> WorkspaceDrift:
        """Read and compare. Raises SignInError and UnreachableError."""
        listing = self._listing() if self.whole else {}
        self._compare_endpoints()
        if self.whole:
            self.found.resources += self._made_by_hand(listing)
        for source in self.sources:
            self.found.add(compare_principals(self.reader, source))
            self.found.add(self._scopes(source))
        ids = {each.name: each.id for source in self.sources for each in source.deployed.endpoints}
        resources, note = with_events(
            self.reader.workspace, self.found.resources, ids, self.warehouse, waiting=self._waiting
        )
        problems = [problem for source in self.sources for problem in source.problems]
        return WorkspaceDrift(
            self.reader.workspace.host,
            tuple(each.stack for each in self.sources),
            tuple(resources),
            tuple(self.found.orphans),
            (*problems, *self.found.unread),
            (*self.found.notes, *([note] if note else [])),
            self.reader.calls,
        )

    def _compare_endpoints(self) -> None:
        endpoints = self._endpoints()
        details = self.reader.read_all(endpoint_path(each.name) for each in endpoints)
        lists = self._access(endpoints, details)
        answers = [(each, details[endpoint_path(each.name)], lists.get(each.name)) for each in endpoints]
        undeclared = [entry for each, live, access in answers for entry in each.undeclared(live, access)]
        deleted = deleted_principals(self.reader, undeclared)
        for each, live, access in answers:
            self.found.resources.append(each.compared(live, access, deleted))
            self.found.orphans += each.orphans(live, access, deleted)

    def _scopes(self, source: Source) -> Found:
        deployer = source.spec.deployer if source.spec else None
        owners = [deployer, self._caller()] if source.deployed.scopes else [deployer]
        return compare_scopes(self.reader, source, self.sources, owners)

    def _listing(self) -> dict[str, Mapping[str, Any]]:
        answer = self.reader.read(ENDPOINTS_PATH)
        if isinstance(answer, Mapping):
            return {str(each["name"]): each for each in answer.get("endpoints") or []}
        self.found.unread.append(
            f"The workspace's endpoints can't be listed, so those made by hand are not known: {answer}"
        )
        return {}

    def _endpoints(self) -> list[StackEndpoint]:
        versions = self._versions()
        return [
            StackEndpoint(self._known(source), *each)
            for source in self.sources
            for each in joined(source.declared(versions.get), source.deployed.endpoints)
        ]

    def _versions(self) -> dict[str, str]:
        """The versions of all aliases that the stacks declare."""
        specs = [source.spec for source in self.sources if source.spec]
        wanted = aliases(each.endpoint for spec in specs for each in declared_endpoints(spec))
        answers = self.reader.read_all(map(_alias_path, wanted))
        found = {}
        for alias in wanted:
            answer = answers[_alias_path(alias)]
            if isinstance(answer, Mapping):
                found[alias] = str(answer.get("model_version", answer).get("version"))
            else:
                reason = answer or "there is no such alias"
                sentence = f"The version of {alias} can't be read, so it is not compared: {reason}"
                self.found.leave_out(sentence, answer)
        return found

    def _access(self, endpoints: Iterable[StackEndpoint], details: Mapping[str, Answer]) -> dict[str, Answer]:
        """The access lists of the endpoints whose permissions are declared, by name."""
        ids = {}
        for each in endpoints:
            live = details[endpoint_path(each.name)]
            if each.is_managed and isinstance(live, Mapping) and live.get("id"):
                ids[each.name] = str(live["id"])
        answers = self.reader.read_all(map(access_list_path, ids.values()))
        return {name: answers[access_list_path(each)] for name, each in ids.items()}

    def _known(self, source: Source) -> Known:
        return Known(
            source.stack,
            source.spec is not None,
            source.resources is not None,
            source.key_of,
            self._caller,
            lambda principal: source.key_of(principal) in self._named,
            lambda name, identity: self._owner(source, name, identity),
        )

    @cached_property
    def _named(self) -> frozenset[str]:
        """The principals that the files of the compared stacks name: keys, user names in lower case, and groups."""
        specs = [source.spec for source in self.sources if source.spec]
        granted = [one for spec in specs for each in declared_endpoints(spec) for one in each.endpoint.granted]
        names = {one.principal if one.kind == "group" else one.principal.lower() for one in granted}
        return frozenset(names | {key for spec in specs for key in spec.service_principals})

    def _waiting(self, state: str, seconds: float) -> None:
        self.notify(f"Reading the audit log: SQL warehouse {self.warehouse} is {state.lower()} since {seconds:.0f} s")

    def _caller(self) -> str | None:
        answer = self.reader.read(f"{SCIM}/Me")
        return str(answer.get("userName") or "") if isinstance(answer, Mapping) else None

    def _owner(self, source: Source, name: str, identity: str) -> str:
        """The other stack whose state has the endpoint."""
        for each in (*self.sources, *self.others()):
            if each is not source and any((one.name, one.id) == (name, identity) for one in each.deployed.endpoints):
                return each.stack
        return ""

    def _made_by_hand(self, listing: Mapping[str, Mapping[str, Any]]) -> list[ResourceDrift]:
        """The endpoints of the listing that are in no stack file and in no state."""
        every = (*self.sources, *self.others())
        names = {each.name for source in every for each in source.deployed.endpoints}
        names |= {each.name for source in every if source.spec for each in declared_endpoints(source.spec)}
        return [by_hand(each) for name, each in sorted(listing.items()) if name not in names and not _is_system(name)]


def _alias_path(alias: str) -> str:
    model, _, name = alias.partition("@")
    return f"{UNITY_CATALOG}/models/{quote(model)}/aliases/{quote(name)}"


def _is_system(name: str) -> bool:
    return name.startswith(_SYSTEM)
