"""The outputs of a deployed stack, read through `pulumi`: where its endpoints are and who may call them."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from model_serving.errors import NoPulumiError, UserError
from model_serving.spec import Endpoint, Stack, load_stack
from model_serving.spec.files.listing import stack_file
from model_serving.spec.files.workspace_host import workspace_host
from model_serving.spec.succession import PREDECESSOR, declared_endpoints, predecessor_address
from model_serving.spec.validation.suggestions import suggestion
from model_serving.state_backend import cause, require_backend, wrong_passphrase


@dataclass(frozen=True)
class Address:
    """A deployed endpoint. `url` is its own where it is route optimized, else the workspace's.

    It is empty while a route-optimized endpoint's own URL is not known: the workspace's would refuse.
    """

    key: str
    """Its key in the stack files; of a predecessor `KEY.predecessor`, which is its place in the outputs, too."""
    name: str
    id: str
    url: str
    route_optimized: bool


@dataclass(frozen=True)
class Client:
    """A service principal of the stack with its OAuth secret, which is never shown."""

    key: str
    application_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Outputs:
    """A deployed stack's endpoints by key, and its service principals that have an OAuth secret.

    A predecessor is one of the endpoints, by `KEY.predecessor`.
    """

    stack: str
    host: str
    endpoints: Mapping[str, Address]
    clients: Mapping[str, Client]
    without_secret: tuple[str, ...] = ()
    """The service principals whose OAuth secret is not in the outputs: there is none, or it can't be decrypted."""

    @cached_property
    def _spec(self) -> Stack:
        return load_stack(spec_name(self.stack), Path("stacks"))

    @property
    def declared(self) -> Mapping[str, Endpoint]:
        """The endpoints as the stack files declare them now, predecessors too, read on first use. Raises SpecError."""
        return {each.address: each.endpoint for each in declared_endpoints(self._spec)}

    def require_secrets(self) -> None:
        """Raise UserError if none of the OAuth secrets that the stack declares can be read.

        With a wrong passphrase Pulumi 3.220 prints each secret output as null, and ends with 0.
        """
        declared = self._spec.service_principals
        missing = [key for key in self.without_secret if key in declared and declared[key].oauth_secret]
        if missing and not self.clients:
            raise UserError(
                f'The OAuth secret of "{missing[0]}" in stack "{self.stack}" can\'t be read.'
                f" {wrong_passphrase(self.stack)}. If it was declared since the last deployment:"
                f" pulumi up --stack {self.stack}"
            )

    def endpoint(self, name: str) -> Address:
        """The endpoint of that key, or else of that name. Raises UserError with the closest one."""
        by_name = {address.name: address for address in self.endpoints.values()} | dict(self.endpoints)
        if name in by_name:
            return by_name[name]
        known = sorted({*self.endpoints, *(address.name for address in self.endpoints.values())})
        hint = suggestion(name, known, "Its endpoints")
        raise UserError(f'Stack "{self.stack}" has no endpoint "{name}". {hint}')


def read_outputs(stack: str) -> Outputs:
    """The outputs of a stack, secrets included. Raises UserError where there are none."""
    outputs = stack_outputs(stack)
    if not outputs.get("endpoints"):
        raise UserError(f'Stack "{stack}" has no endpoints in its outputs. Deploy it first: pulumi up --stack {stack}')
    return Outputs(stack, _host(stack), _endpoints(outputs), *_clients(outputs))


def stack_outputs(stack: str) -> dict[str, Any]:
    """All outputs of a stack as Pulumi has them, secrets in plaintext. Raises UserError.

    They are read from pulumi's standard output by this process: no shell and no log sees them.
    """
    require_backend()
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", stack, "--non-interactive"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NoPulumiError from None
    if run.returncode:
        if known := cause(run.stderr, stack):
            raise UserError(known)
        reason = (run.stderr.strip() or "it gave no reason").removeprefix("error: ").splitlines()[0]
        raise UserError(f'Could not read the outputs of stack "{stack}": {reason}')
    outputs: dict[str, Any] = json.loads(run.stdout or "{}")
    return outputs


def spec_name(stack: str) -> str:
    """The name in the stack's file: the last part of `organization/project/stack`."""
    return stack.rpartition("/")[2]


def _endpoints(outputs: Mapping[str, Any]) -> dict[str, Address]:
    every = {}
    for key, endpoint in outputs["endpoints"].items():
        every[key] = endpoint
        if endpoint.get(PREDECESSOR):
            every[predecessor_address(key)] = endpoint[PREDECESSOR]
    return {
        key: Address(key, endpoint["name"], endpoint["id"], endpoint.get("url") or "", endpoint["route_optimized"])
        for key, endpoint in every.items()
    }


def _clients(outputs: Mapping[str, Any]) -> tuple[dict[str, Client], tuple[str, ...]]:
    """The service principals with an OAuth secret, and the names of the others."""
    principals = outputs.get("service_principals") or {}
    clients = {
        key: Client(key, principal["application_id"], principal["client_secret"])
        for key, principal in principals.items()
        if principal.get("client_secret")
    }
    return clients, tuple(key for key in principals if key not in clients)


def _host(stack: str) -> str:
    """The workspace's address: the stack file's `databricks:host`, else the environment's, as the provider reads it."""
    file = Path(stack_file(spec_name(stack)))
    host = workspace_host(file) or os.environ.get("DATABRICKS_HOST")
    if not host:
        raise UserError(f"No workspace is named. Write databricks:host into {file}, or set DATABRICKS_HOST")
    return host.rstrip("/")
