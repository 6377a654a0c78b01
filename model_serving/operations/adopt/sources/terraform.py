"""Serving endpoints of a Terraform state: a state file, the output of `terraform state pull` or `show -json`.

Sources: Terraform documentation, JSON output format and state; internal/states/statefile (version 4); the schema of
terraform-provider-databricks (nested blocks are lists of one). OpenTofu writes the same formats.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model_serving.errors import UserError
from model_serving.operations.adopt.sources.source import ManagedEndpoint, ManagedEndpoints

_ENDPOINT: Final = "databricks_model_serving"
_PERMISSIONS: Final = "databricks_permissions"
_VERSION: Final = 4
_BLOCKS: Final = frozenset(
    {
        *("config", "traffic_config", "auto_capture_config", "ai_gateway", "inference_table_config"),
        *("usage_tracking_config", "email_notifications", "telemetry_config", "table_names", "external_model"),
        *("fallback_config", "guardrails", "input", "output", "pii"),
    }
)
"""Blocks of `databricks_model_serving` that occur once: the state keeps each as a list of one."""

PULL: Final = "terraform state pull > state.json"


@dataclass(frozen=True)
class StateResource:
    """One instance of a resource: its type, the address of the resource and of the instance, and its attributes."""

    type: str
    resource: str
    address: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class TerraformEndpoints(ManagedEndpoints):
    """The endpoints of a Terraform state. `resources` are all of its instances of endpoints and permissions."""

    resources: tuple[StateResource, ...] = ()


def read_terraform(file: Path) -> TerraformEndpoints:
    """The endpoints of a state. Raises UserError for a file that is none, and says how to get one."""
    resources = tuple(_resources(_load(file), file))
    endpoints = [
        ManagedEndpoint(str(each.attributes["name"]), each.address, str(file), _api_form(each.attributes))
        for each in resources
        if each.type == _ENDPOINT and each.attributes.get("name")
    ]
    if not endpoints:
        raise UserError(f"{file} has no {_ENDPOINT}. For a state in a remote backend: {PULL}")
    return TerraformEndpoints(tuple(endpoints), str(file), resources)


def _load(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file} can't be read: {error.strerror}. To get a state: {PULL}") from error
    except ValueError as error:
        message = f"{file} is no Terraform state: it is not JSON. To get one: {PULL}"
        raise UserError(message) from error
    if not isinstance(data, dict):
        raise UserError(f"{file} is no Terraform state: it is no JSON object. To get one: {PULL}")
    return data


def _resources(data: Mapping[str, Any], file: Path) -> Iterator[StateResource]:
    if "encrypted_data" in data:
        raise UserError(f"{file} is encrypted by OpenTofu. To get it in plaintext: tofu state pull > state.json")
    if "backend" in data and not data.get("resources"):
        backend = str((data["backend"] or {}).get("type") or "remote")
        raise UserError(f'{file} only names the backend "{backend}", which holds the state. To get it: {PULL}')
    if "planned_values" in data:
        raise UserError(f"{file} is a plan. To get the state: terraform show -json > state.json")
    if "format_version" in data:
        yield from _shown((data.get("values") or {}).get("root_module") or {})
    elif data.get("version") == _VERSION:
        for resource in data.get("resources") or []:
            yield from _instances(resource)
    else:
        found = f"version {data['version']}" if "version" in data else "no version"
        raise UserError(f"{file} is no Terraform state of version {_VERSION}: it has {found}. To get one: {PULL}")


def _shown(module: Mapping[str, Any]) -> Iterator[StateResource]:
    """The resources of a module and of those in it, as `terraform show -json` prints them."""
    for each in module.get("resources") or []:
        if each.get("mode") == "managed" and each.get("type") in {_ENDPOINT, _PERMISSIONS}:
            address = str(each["address"])
            key = _key(each["index"]) if "index" in each else ""
            yield StateResource(each["type"], address.removesuffix(key), address, each.get("values") or {})
    for child in module.get("child_modules") or []:
        yield from _shown(child)


def _instances(resource: Mapping[str, Any]) -> Iterator[StateResource]:
    """The instances of a resource in a state file. A deposed instance is about to be deleted."""
    if resource.get("mode") != "managed" or resource.get("type") not in {_ENDPOINT, _PERMISSIONS}:
        return
    module = f"{resource['module']}." if resource.get("module") else ""
    address = f"{module}{resource['type']}.{resource['name']}"
    for instance in resource.get("instances") or []:
        if "deposed" not in instance:
            key = _key(instance["index_key"]) if "index_key" in instance else ""
            yield StateResource(resource["type"], address, f"{address}{key}", instance.get("attributes") or {})


def _key(index: Any) -> str:
    """`[0]` of count, `["a"]` of for_each."""
    return f"[{json.dumps(index)}]"


def _api_form(value: Any, name: str = "") -> Any:
    """The attributes in the form of the API's answers, without those that are not set."""
    if isinstance(value, list) and name in _BLOCKS:
        return _api_form(value[0]) if value else None
    if isinstance(value, list):
        return [_api_form(each) for each in value]
    if isinstance(value, Mapping):
        return {key: found for key, each in value.items() if (found := _api_form(each, key)) not in (None, "")}
    return value


def release_terraform(source: TerraformEndpoints, adopted: frozenset[str]) -> str:
    """How to let Terraform forget the adopted endpoints and their permissions, without deleting them.

    `removed` needs Terraform 1.7, and takes whole resources only. Source: Terraform documentation, removed block;
    internal/addrs/parse_target.go ("Resource instance keys not allowed").
    """
    ids = {
        str(each.attributes.get(name))
        for each in source.resources
        if each.type == _ENDPOINT and each.attributes.get("name") in adopted
        for name in ("serving_endpoint_id", "id")
    }
    ours = [each for each in source.resources if _is_of(each, adopted, ids)]
    others = {each.resource for each in source.resources if each not in ours}
    whole = [each for each in dict.fromkeys(one.resource for one in ours) if each not in others]
    blocks = [each for each in whole if "[" not in each]
    single = [each.address for each in ours if each.resource not in blocks]
    lines = ["To let Terraform go of them without deleting them:"] if ours else []
    if blocks:
        lines += ["In place of their resource blocks (Terraform 1.7), then `terraform apply`:", ""]
        for each in blocks:
            lines += ["removed {", f"  from = {each}", "  lifecycle {", "    destroy = false", "  }", "}", ""]
        lines += ["Or, with any version, remove the resource blocks and run:", ""]
        lines += [f"terraform state rm '{each.address}'" for each in ours if each.resource in blocks]
    if single:
        lines += ["", "These are instances among others: take their keys out of count or for_each, and run:", ""]
        lines += [f"terraform state rm '{each}'" for each in single]
    lines += ["", "`terraform plan` must then destroy nothing."] if ours else []
    return "\n".join(lines)


def _is_of(resource: StateResource, adopted: frozenset[str], ids: set[str]) -> bool:
    if resource.type == _ENDPOINT:
        return resource.attributes.get("name") in adopted
    return str(resource.attributes.get("serving_endpoint_id")) in ids
