"""What a migration starts from: the files of a stack, its state, and the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.delivery.endpoint_edit import WrittenEndpoint, written_endpoint
from model_serving.delivery.migrate.names import TakenNames
from model_serving.errors import UsageError, UserError
from model_serving.operations.live.sign_in import sign_in, workspace_settings
from model_serving.operations.outputs import Address, spec_name
from model_serving.operations.stack_state import Resource, addresses_in, state_resources
from model_serving.spec import Endpoint, Stack, load_stack
from model_serving.spec.endpoint_resources import is_in_family
from model_serving.spec.files.listing import has_file, stacks
from model_serving.spec.succession import DeclaredEndpoint, declared_endpoints, predecessor_of
from model_serving.spec.validation.suggestions import suggestion


@dataclass(frozen=True)
class Project:
    """A stack in the current folder, with one of its endpoints."""

    stack: str
    """As Pulumi takes it; the files have its last part as their name."""
    folder: Path
    key: str
    spec: Stack
    resources: Sequence[Resource]
    notes: list[str] = field(default_factory=list)
    """What could not be read, and what that means."""

    @property
    def file_name(self) -> str:
        """The name of the stack in its file's name."""
        return spec_name(self.stack)

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint as it is declared."""
        return self.spec.endpoints[self.key]

    @property
    def predecessor(self) -> Endpoint | None:
        """Its predecessor as it is declared; None outside a migration."""
        return predecessor_of(self.spec, self.key)

    @property
    def name(self) -> str:
        """The declared name in the workspace."""
        return self.spec.name_prefix + (self.endpoint.name or self.key)

    @property
    def predecessor_name(self) -> str:
        """The declared name of the predecessor in the workspace; empty outside a migration."""
        return self.spec.name_prefix + (self.predecessor.name or self.key) if self.predecessor else ""

    @cached_property
    def written(self) -> WrittenEndpoint:
        """The endpoint as the files have it."""
        return written_endpoint(self.file_name, self.folder, self.key)

    @cached_property
    def deployed(self) -> Mapping[str, Address]:
        """The endpoints of this key in the state, by their names in the workspace."""
        found = addresses_in(self.resources)
        return {address.name: address for resource, address in found.items() if is_in_family(resource, self.key)}

    def is_protected(self, name: str) -> bool:
        """Whether the state protects the endpoint of that name in the workspace."""
        return any(
            each.get("type") == MODEL_SERVING
            and each.get("protect")
            and (each.get("outputs") or {}).get("name") == name
            for each in self.resources
        )

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, with the shell's own credentials. Raises UserError."""
        return sign_in(workspace_settings(self.stack))

    def live(self, name: str) -> dict[str, Any] | None:
        """The endpoint of that name in the workspace, None if there is none. Raises UserError."""
        try:
            return self.workspace.find(endpoint_path(name))
        except WorkspaceError as error:
            raise UserError(f'Endpoint "{name}" can\'t be read: {error}') from error

    def taken_names(self) -> TakenNames:
        """The names that no successor can have."""
        declared = {each.name: _owner(each) for each in declared_endpoints(self.spec)}
        found = addresses_in(self.resources)
        return TakenNames(
            self.spec.name_prefix,
            declared,
            {each.name: "an endpoint in the state of this stack" for each in found.values()},
            self._is_live,
        )

    def _is_live(self, name: str) -> bool:
        """Whether the workspace has an endpoint of that name; a workspace that can't be asked is noted once."""
        if self.notes:
            return False
        try:
            return self.live(name) is not None
        except UserError as error:
            self.notes.append(f"Whether the workspace has an endpoint of the new name is not known: {error}")
            return False


def read_project(stack: str, endpoint: str, folder: Path) -> Project:
    """The stack with the endpoint of that key or name. Raises UserError; UsageError for an unknown stack."""
    own = spec_name(stack)
    if not has_file(folder, own):
        known = ", ".join(stacks(folder)) or "none"
        raise UsageError(f'There is no stack "{own}" in this folder. Stacks here: {known}')
    spec = load_stack(own, folder / "stacks")
    names = {each.name: each.key for each in declared_endpoints(spec)} | {key: key for key in spec.endpoints}
    if endpoint not in names:
        hint = suggestion(endpoint, sorted(names), "Its endpoints")
        raise UserError(f'Stack "{own}" has no endpoint "{endpoint}". {hint}')
    return Project(stack, folder, names[endpoint], spec, state_resources(stack))


def _owner(declared: DeclaredEndpoint) -> str:
    return f'the predecessor of endpoint "{declared.key}"' if declared.is_predecessor else f'endpoint "{declared.key}"'
