"""The endpoints of a stack that are asked for: from its files and its state, and from either alone if one is broken."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from model_serving.databricks.client import Workspace
from model_serving.databricks.sdk import import_in_background
from model_serving.errors import UsageError, UserError
from model_serving.operations.drift.sources import Source
from model_serving.operations.live.sign_in import sign_in, workspace_settings
from model_serving.operations.outputs import Address, spec_name
from model_serving.operations.rollout_history import History, read_history
from model_serving.operations.stack_state import Resource, endpoints_in, state_resources
from model_serving.spec import Endpoint, SpecError, Stack, load_stack
from model_serving.spec.files.listing import has_file, stacks
from model_serving.spec.succession import DeclaredEndpoint, declared_endpoints, predecessor_address
from model_serving.spec.validation.suggestions import suggestion

_STACKS: Final = Path("stacks")
_PREDECESSOR: Final = predecessor_address("")


@dataclass(frozen=True)
class Target:
    """An endpoint of the stack. `name` is its name in the workspace: the deployed one, or else the declared one.

    `key` is that of the stack file, and `KEY.predecessor` for a predecessor.
    """

    key: str
    name: str
    declared: Endpoint | None
    """As the stack files declare it now; None if they don't, or can't be read."""
    deployed: Address | None
    """As the last deployment left it; None if it has not been deployed, or the state can't be read."""
    declared_name: str | None = None
    """The name in the stack files, with their prefix; None if they don't declare it, or can't be read."""
    place: DeclaredEndpoint | None = None
    """Its declaration with its place; None like `declared`."""
    counterpart: str = ""
    """During a migration, the name in the workspace of the other endpoint of its key."""

    @property
    def base_key(self) -> str:
        """The key of the stack file that both endpoints of a migration have."""
        return self.key.removesuffix(_PREDECESSOR)

    @property
    def is_predecessor(self) -> bool:
        """Whether it is the predecessor of its key's endpoint, as declared, or else as deployed."""
        return self.place.is_predecessor if self.place else self.key.endswith(_PREDECESSOR)


@dataclass(frozen=True)
class Targets:
    """The endpoints of a stack by key, in the order of its files, and the workspace that they are in."""

    stack: str
    settings: Mapping[str, Any]
    """The Databricks provider's, as far as they are not secret."""
    endpoints: Mapping[str, Target]
    spec: Stack | None
    """The stack files; None if they have errors."""
    resources: Sequence[Resource] | None
    """The state; None if it can't be read."""
    notes: tuple[str, ...] = ()
    """What could not be read, and what that means."""

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, with the shell's own credentials. Raises UserError."""
        return sign_in(self.settings)

    @cached_property
    def source(self) -> Source:
        """The files and the state, as they are compared with the workspace."""
        return Source(self.stack, self.settings, self.spec, self.resources)

    @cached_property
    def histories(self) -> Mapping[str, History]:
        """The rollouts of each endpoint that has had one, by its key; none where the state can't be read."""
        if self.resources is None:
            return {}
        try:
            return read_history(self.stack, self.resources)
        except ValueError:  # a record that another version of this project has written
            return {}

    @property
    def host(self) -> str:
        """The workspace's address."""
        return self.workspace.host

    def chosen(self, names: Sequence[str]) -> list[Target]:
        """The endpoints of these keys or names in the workspace; all of them without any. Raises UserError."""
        by_name = {each.name: each for each in self.endpoints.values()} | dict(self.endpoints)
        if unknown := [name for name in names if name not in by_name]:
            hint = suggestion(unknown[0], sorted(by_name), "Its endpoints")
            raise UserError(f'Stack "{self.stack}" has no endpoint "{unknown[0]}". {hint}')
        found = [by_name[name] for name in names] or [*self.endpoints.values()]
        return list({each.key: each for each in found}.values())


def read_targets(stack: str) -> Targets:
    """The endpoints of a stack in the current folder. Raises UserError if neither files nor state can be read.

    This takes one process of Pulumi, no passphrase, and no request.
    """
    import_in_background()
    own, folder = spec_name(stack), Path.cwd()
    with ThreadPoolExecutor(1) as executor:
        exporting = executor.submit(_attempt, lambda: state_resources(stack))
        spec, files_problem = _attempt(lambda: load_stack(own, _STACKS))
        resources, state_problem = exporting.result()
    if spec is None and resources is None:
        if not has_file(folder, own):
            known = ", ".join(stacks(folder)) or "none"
            raise UsageError(f'There is no stack "{own}" in this folder. Stacks here: {known}')
        raise UserError(f"{files_problem}\n{state_problem}")
    endpoints = _endpoints(spec, endpoints_in(resources or []))
    notes = _notes(files_problem, state_problem)
    return Targets(stack, workspace_settings(stack), endpoints, spec, resources, notes)


def _endpoints(spec: Stack | None, deployed: Mapping[str, Address]) -> dict[str, Target]:
    """Each declared endpoint with the deployed one, then what is deployed only."""
    left, found = dict(deployed), dict[str, Target]()
    declared = [] if spec is None else [*declared_endpoints(spec)]
    for each in sorted(declared, key=lambda each: not _holder(each, left, by_name=True)):
        holder = _holder(each, left, by_name=True) or _holder(each, left, by_name=False)
        address = left.pop(holder) if holder else None
        name = address.name if address else each.name
        found[each.address] = Target(each.address, name, each.endpoint, address, each.name, each)
    found = {each.address: found[each.address] for each in declared}
    for key, address in left.items():
        free = key if key not in found else address.name
        found[free] = Target(free, address.name, None, address)
    return {key: replace(each, counterpart=_counterpart(each, found.values())) for key, each in found.items()}


def _holder(declared: DeclaredEndpoint, deployed: Mapping[str, Address], *, by_name: bool) -> str | None:
    """The deployed endpoint of the same key that has the declared name; or else the one of the same role."""
    if not by_name:
        return declared.address if declared.address in deployed else None
    family = (declared.key, predecessor_address(declared.key))
    return next((key for key in family if key in deployed and deployed[key].name == declared.name), None)


def _counterpart(target: Target, targets: Iterable[Target]) -> str:
    pair = {target.base_key, predecessor_address(target.base_key)} - {target.key}
    return next((each.name for each in targets if each.key in pair), "")


def _attempt(read: Callable[[], Any]) -> tuple[Any, str]:
    """What `read` returns, or None with the reason."""
    try:
        return read(), ""
    except (SpecError, UserError) as error:
        return None, str(error)


def _notes(files_problem: str, state_problem: str) -> tuple[str, ...]:
    notes = []
    if files_problem:
        notes.append(f"The stack files have errors, so nothing is compared with them:\n{files_problem}")
    if state_problem:
        notes.append(f"Without Pulumi's state, endpoints are read by the names in the stack files: {state_problem}")
    return tuple(notes)
