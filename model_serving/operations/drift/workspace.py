"""Compare stacks with the workspace that they are deployed to: every read, and every endpoint in its class."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from model_serving.components.preflight.privileges import UNITY_CATALOG
from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.principals import SCIM
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.operations.drift.declared import Declared, aliases, declared_in
from model_serving.operations.drift.endpoint import Known, StackEndpoint, by_hand
from model_serving.operations.drift.reads import Answer, Reader
from model_serving.operations.drift.report import ResourceDrift, WorkspaceDrift
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
    unread: list[str] = field(default_factory=list)

    def run(self) -> WorkspaceDrift:
        """Read and compare. Raises SignInError and UnreachableError."""
        listing = self._listing() if self.whole else {}
        endpoints = self._endpoints()
        details = self.reader.read_all(endpoint_path(each.name) for each in endpoints)
        access = self._access(endpoints, details)
        resources = [each.compared(details[endpoint_path(each.name)], access.get(each.name)) for each in endpoints]
        if self.whole:
            resources += self._made_by_hand(listing)
        problems = [problem for source in self.sources for problem in source.problems]
        return WorkspaceDrift(
            self.reader.workspace.host,
            tuple(each.stack for each in self.sources),
            tuple(resources),
            unread=(*problems, *self.unread),
            calls=self.reader.calls,
        )

    def _listing(self) -> dict[str, Mapping[str, Any]]:
        answer = self.reader.read(ENDPOINTS_PATH)
        if isinstance(answer, Mapping):
            return {str(each["name"]): each for each in answer.get("endpoints") or []}
        self.unread.append(f"The workspace's endpoints can't be listed, so those made by hand are not known: {answer}")
        return {}

    def _endpoints(self) -> list[StackEndpoint]:
        versions = self._versions()
        return [
            StackEndpoint(self._known(source), *each)
            for source in self.sources
            for each in joined(self._declared(source, versions), source.deployed.endpoints)
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
                self.unread.append(f"The version of {alias} can't be read, so it is not compared: {reason}")
        return found

    def _declared(self, source: Source, versions: Mapping[str, str]) -> list[Declared]:
        if source.spec is None:
            return []
        splits = source.splits()
        found = []
        for each in declared_in(source.stack, source.spec, versions.get, source.application_id):
            split, spec = splits.get(each.key), source.spec.endpoints[each.key]
            is_in_step = split is not None and each.endpoint.traffic == spec.traffic
            found.append(each.with_traffic(split) if split is not None and is_in_step else each)
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
            lambda name, identity: self._owner(source, name, identity),
        )

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
