"""The stacks that are compared: their files and their states, each alone if the other can't be read."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from model_serving.databricks.client import Workspace
from model_serving.databricks.timeouts import TIMEOUT_SETTINGS
from model_serving.databricks.workspace_address import workspace_address
from model_serving.errors import UserError
from model_serving.operations.drift.declared import Declared, Versions, declared_in
from model_serving.operations.drift.deployed import Deployed, DeployedEndpoint, deployed
from model_serving.operations.drift.reads import RETRY_SECONDS
from model_serving.operations.live.sign_in import sign_in, workspace_settings
from model_serving.operations.outputs import spec_name
from model_serving.operations.rollout_history import read_history
from model_serving.operations.stack_state import NoStackError, Resource, state_resources
from model_serving.spec import SpecError, Stack, load_stack

_STACKS: Final = Path("stacks")
_PROCESSES: Final = 4
"""How many states are read at a time: each takes a process of Pulumi."""

_NEITHER: Final = (*TIMEOUT_SETTINGS, "rateLimit", "debugHeaders", "debugTruncateBytes")
"""Settings of the provider that say nothing of a workspace or its credentials."""

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """A stack: what its files declare, what its state has, and the workspace that they are about."""

    stack: str
    settings: Mapping[str, Any]
    """The Databricks provider's, as far as they are not secret."""
    spec: Stack | None
    """The stack files; None if they have errors."""
    resources: Sequence[Resource] | None
    """The state; None if it can't be read. A stack that was never deployed has an empty one."""
    problems: tuple[str, ...] = ()
    """Why one of them could not be read; each a sentence."""

    @property
    def workspace(self) -> tuple[tuple[str, str], ...]:
        """What identifies the workspace and the credentials, to share their reads between stacks."""
        named = {"host": os.environ.get("DATABRICKS_HOST", ""), **self.settings}
        named["host"] = workspace_address(named["host"])
        return tuple(sorted((name, each) for name, each in named.items() if name not in _NEITHER))

    @property
    def host(self) -> str:
        """The workspace's address; empty if nothing names it."""
        return dict(self.workspace)["host"]

    def sign_in(self) -> Workspace:
        """Its workspace. Raises UserError, also with why no host is known."""
        try:
            return sign_in(self.settings)
        except UserError as error:
            if self.host:
                raise
            why = self.problems or (f'Stack "{self.stack}" names no databricks:host in plaintext.',)
            raise UserError("\n".join((*why, str(error)))) from error

    @cached_property
    def deployed(self) -> Deployed:
        """What the state has; nothing where it can't be read."""
        return deployed(self.resources or ())

    @cached_property
    def application_ids(self) -> Mapping[str, str]:
        """The application ids of its service principals by key, in lower case, as far as they are known."""
        declared = {} if self.spec is None else self.spec.service_principals
        named = {key: each.application_id for key, each in declared.items() if each.application_id}
        found = {**named, **{key: each.application_id for key, each in self.deployed.principals.items()}}
        return {key: str(each).lower() for key, each in found.items()}

    def application_id(self, principal: str) -> str:
        """The application id of a service principal by its key; any other name as it is."""
        return self.application_ids.get(principal, principal)

    def key_of(self, application_id: str) -> str:
        """The key of a service principal by its application id; any other name as it is."""
        keys = {each: key for key, each in self.application_ids.items()}
        return keys.get(application_id.lower(), application_id)

    def declared(self, versions: Versions) -> list[Declared]:
        """Every endpoint that its files declare; none where they have errors. A running rollout's split is declared.

        A step of a rollout gives a predecessor that inherits the traffic the same split.
        """
        if self.spec is None:
            return []
        splits, found = self._splits(), []
        for each in declared_in(self.stack, self.spec, versions, self.application_id):
            inherited = each.endpoint.traffic == self.spec.endpoints[each.key].traffic
            split = splits.get(each.address) or (splits.get(each.key) if inherited else None)
            found.append(each.with_traffic(split) if split else each)
        return found

    def _splits(self) -> Mapping[str, Mapping[str, int]]:
        """The splits of running rollouts by key or `KEY.predecessor`."""
        try:
            histories = read_history(self.stack, self.resources or ())
        except ValueError:  # a record that another version of this project has written
            return {}
        return {key: each.record.split for key, each in histories.items() if each.is_running}


def read_sources(stacks: Sequence[str], *, notify: Callable[[str], None] = lambda _: None) -> list[Source]:
    """The files and the states of these stacks in the current folder; this takes a process of Pulumi for each."""
    notify(f"Reading the files and the state of {', '.join(stacks)}")
    with ThreadPoolExecutor(_PROCESSES) as executor:
        states = {stack: executor.submit(_attempt, lambda stack=stack: _state(stack)) for stack in stacks}
        return [_source(stack, *states[stack].result()) for stack in stacks]


def _source(stack: str, resources: Sequence[Resource] | None, state_problem: str) -> Source:
    spec, files_problem = _attempt(lambda: load_stack(spec_name(stack), _STACKS))
    problems = []
    if files_problem:
        problems.append(f'The files of stack "{stack}" have errors, so nothing is compared with them: {files_problem}')
    if state_problem:
        problems.append(f'The state of stack "{stack}" can\'t be read, so ids are not compared: {state_problem}')
    settings = {**workspace_settings(stack), TIMEOUT_SETTINGS[0]: str(RETRY_SECONDS)}
    return Source(stack, settings, spec, resources, tuple(problems))


def _state(stack: str) -> list[Resource]:
    try:
        return state_resources(stack)
    except NoStackError:
        return []


def _attempt(read: Callable[[], T]) -> tuple[T | None, str]:
    """What `read` returns, or None with the reason."""
    try:
        return read(), ""
    except (SpecError, UserError) as error:
        return None, str(error)


def joined(
    declared: Sequence[Declared], endpoints: Sequence[DeployedEndpoint]
) -> list[tuple[Declared | None, DeployedEndpoint | None]]:
    """Each declared endpoint with its member of the state's family of its key, then the members that none declares.

    That is the member of its name. Without one, a first endpoint of its key takes the newest that is left: its name was
    edited. A successor beside its predecessor is new.
    """
    left: dict[str, list[DeployedEndpoint]] = {}
    for endpoint in endpoints:
        left.setdefault(endpoint.key, []).append(endpoint)
    pairs = [_take(left.get(each.key, []), each.name) for each in declared]
    for number, each in enumerate(declared):
        if pairs[number] is None and not each.is_predecessor and each.endpoint.predecessor is None:
            pairs[number] = _take(left.get(each.key, []))
    return [*zip(declared, pairs, strict=True), *((None, each) for family in left.values() for each in family)]


def _take(family: list[DeployedEndpoint], name: str | None = None) -> DeployedEndpoint | None:
    """The last of them, and the one of that name if there is one, taken out of the list."""
    found = next((each for each in reversed(family) if name in (None, each.name)), None)
    if found:
        family.remove(found)
    return found
