"""Where a stack's endpoints are and who may call them: the outputs of `pulumi up`, read through `pulumi` itself."""

import difflib
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from model_serving.errors import UserError


@dataclass(frozen=True)
class Address:
    """A deployed endpoint; `url` is its own where it is route optimized, else the workspace's.

    It is empty while a route-optimized endpoint's own is not known: the workspace's would refuse.
    """

    key: str
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
    """What a deployed stack tells. `clients` are the service principals with a secret in it."""

    stack: str
    host: str
    endpoints: dict[str, Address]
    clients: dict[str, Client]

    def endpoint(self, name: str) -> Address:
        """The endpoint of that key or name. Raises UserError, with the nearest one there is."""
        for key, address in self.endpoints.items():
            if name in (key, address.name):
                return address
        known = sorted({*self.endpoints, *(address.name for address in self.endpoints.values())})
        close = difflib.get_close_matches(name, known, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"there are: {', '.join(known) or 'none'}"
        raise UserError(f'Stack "{self.stack}" has no endpoint "{name}"; {hint}')


def read_outputs(stack: str) -> Outputs:
    """The outputs of a stack, secrets in clear. Raises UserError where there are none."""
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", stack, "--non-interactive"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        way_out = 'Install Pulumi, or where make setup built it: eval "$(make -s env)"'
        raise UserError(f"There is no pulumi on PATH. {way_out}") from None
    if run.returncode:
        reason = (run.stderr.strip() or "it gave no reason").removeprefix("error: ").splitlines()[0]
        raise UserError(f'pulumi can\'t tell the outputs of stack "{stack}": {reason}')
    found = json.loads(run.stdout or "{}")
    if not found.get("endpoints"):
        raise UserError(f'Stack "{stack}" has no endpoints in its outputs. Deploy it first: pulumi up --stack {stack}')
    return Outputs(stack, _host(stack), _endpoints(found), _clients(found))


def _endpoints(found: dict[str, Any]) -> dict[str, Address]:
    return {
        key: Address(key, one["name"], one["id"], one.get("url") or "", one["route_optimized"])
        for key, one in found["endpoints"].items()
    }


def _clients(found: dict[str, Any]) -> dict[str, Client]:
    principals = found.get("service_principals") or {}
    return {
        key: Client(key, one["application_id"], one["client_secret"])
        for key, one in principals.items()
        if one.get("client_secret")
    }


def _host(stack: str) -> str:
    """The workspace's address: the stack file's `databricks:host`, or else the environment's, as for the provider."""
    file = Path("stacks") / f"Pulumi.{stack.rpartition('/')[2]}.yaml"
    written = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    host = ((written or {}).get("config") or {}).get("databricks:host") or os.environ.get("DATABRICKS_HOST")
    if not host:
        raise UserError(f"No workspace is named. Write databricks:host into {file}, or set DATABRICKS_HOST")
    return str(host).rstrip("/")
