"""The endpoints in a stack's state, by `pulumi stack export`: it needs neither a passphrase nor a lock."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from model_serving.databricks.resource_types import IS_PREDECESSOR, MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.errors import NoPulumiError, UserError
from model_serving.operations.outputs import Address
from model_serving.spec.endpoint_resources import key_of
from model_serving.spec.succession import predecessor_address
from model_serving.state_backend import cause, lacks_stack, require_backend

Resource: TypeAlias = Mapping[str, Any]

_EXPORT_SECONDS: Final = 30
"""How long the state backend may take. Pulumi itself waits without a bound."""


class NoStackError(UserError):
    """The state backend has no such stack: nobody has deployed it."""


def state_resources(stack: str) -> list[Resource]:
    """The resources in the state, in its order; secrets stay encrypted. Raises UserError, and NoStackError."""
    require_backend()
    command = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_EXPORT_SECONDS)
    except FileNotFoundError:
        raise NoPulumiError from None
    except subprocess.TimeoutExpired:
        raise UserError(f'The state of stack "{stack}" was not read within {_EXPORT_SECONDS} s') from None
    if run.returncode:
        if known := cause(run.stderr, stack):
            raise (NoStackError if lacks_stack(run.stderr) else UserError)(known)
        reason = (run.stderr.strip() or "it gave no reason").removeprefix("error: ").splitlines()[0]
        raise UserError(f'Could not read the state of stack "{stack}": {reason}')
    export = json.loads(run.stdout)
    resources: list[Resource] = (export.get("deployment") or {}).get("resources") or []
    return resources


def endpoints_in(resources: Iterable[Resource]) -> dict[str, Address]:
    """The endpoints of a stack's components, as the last deployment left them. An endpoint to delete is none.

    They are by key; a predecessor is by `KEY.predecessor`.
    """
    return {each.key: each for each in addresses_in(resources).values()}


def addresses_in(resources: Iterable[Resource]) -> dict[str, Address]:
    """The same by the names of their resources."""
    every = [*resources]
    keys, live = address_keys(every), [each for each in every if not each.get("delete")]
    components = [each for each in live if _is(each, SERVING_ENDPOINT_COMPONENT)]
    urls = {each["urn"]: (each.get("outputs") or {}).get("url") for each in components}
    found = {}
    for each in live:
        outputs = each.get("outputs") or {}
        if _is(each, MODEL_SERVING) and each.get("parent") in urls and outputs.get("servingEndpointId"):
            name = resource_name(each)
            url = urls[each["parent"]] or outputs.get("endpointUrl") or ""
            optimized = bool(outputs.get("routeOptimized"))
            found[name] = Address(
                keys.get(name, name), str(outputs["name"]), str(outputs["servingEndpointId"]), str(url), optimized
            )
    return found


def address_keys(resources: Iterable[Resource]) -> dict[str, str]:
    """The key of each endpoint's component, or `KEY.predecessor`, by the name of its resource.

    It is that name where it says nothing of a key: in a program without stack files.
    """
    found = {
        resource_name(each): _address_key(each)
        for each in resources
        if _is(each, SERVING_ENDPOINT_COMPONENT) and not each.get("delete")
    }
    times = Counter(found.values())
    return {name: key if times[key] == 1 else name for name, key in found.items()}


def _address_key(component: Resource) -> str:
    key = key_of(resource_name(component))
    return predecessor_address(key) if (component.get("inputs") or {}).get(IS_PREDECESSOR) is True else key


def resource_name(resource: Resource) -> str:
    """The name of a resource in the program: the last part of its URN."""
    return str(resource["urn"]).rpartition("::")[2]


def _is(resource: Resource, kind: str) -> bool:
    return bool(resource.get("type") == kind)
