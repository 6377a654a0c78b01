"""Access lists in a state, compared with those of the workspace in the same way for every reader.

The Databricks provider hides the entry of whoever reads, so two readers get two lists of one endpoint. Source:
terraform-provider-databricks, permissions/permission_definitions.go (prepareResponse).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from model_serving.databricks.access_lists import KINDS, AccessEntry, without_own
from model_serving.databricks.naming import provider_name
from model_serving.review.plan.state_copy.checkpoint import Resource

_LIST: Final = "accessControls"
_MEMBERS: Final = {provider_name(member): member for member in KINDS}
_RAW_STATE: Final = "__pulumi_raw_state_delta"
"""How the bridge restores the provider's own state from the outputs. Without it, it uses the schema."""


def observed(resource: Resource, live: Iterable[AccessEntry], deployer: str | None) -> Resource | None:
    """The `databricks.Permissions` with the live list in its inputs and outputs; None if it is the same list.

    The CAN_MANAGE of the deployer belongs to the list only where the stack declares it. A list with a secret name is
    left as it is: it can't be compared.
    """
    controls = list(resource["inputs"].get(_LIST) or [])
    deployed = {entry: control for control in controls if (entry := _entry(control))}
    if len(deployed) < len(controls):
        return None
    is_declared = any(deployer and entry.is_of(deployer) for entry in deployed)
    shown = [*live] if is_declared else without_own([*live], deployer)
    if set(shown) == set(deployed):
        return None
    entries = [*(entry for entry in deployed if entry in shown), *sorted(set(shown) - set(deployed))]
    inputs = [deployed.get(entry) or {"__defaults": [], **entry.input} for entry in entries]
    outputs = {name: value for name, value in resource["outputs"].items() if name != _RAW_STATE}
    listed = [dict.fromkeys(_MEMBERS, "") | entry.input for entry in entries]
    return {
        **resource,
        "inputs": {**resource["inputs"], _LIST: inputs},
        "outputs": {**outputs, _LIST: listed},
    }


def _entry(control: Mapping[str, Any]) -> AccessEntry | None:
    """An entry of the state; None for one that is not plain, such as a secret name."""
    for name, member in _MEMBERS.items():
        if isinstance(principal := control.get(name), str) and principal:
            shown = principal if member == "group_name" else principal.lower()
            return AccessEntry(member, shown, str(control.get("permissionLevel")))
    return None


def refresh_event(before: Resource, after: Resource) -> dict[str, Any]:
    """The event with which a refresh by the engine reports the difference."""
    metadata = {"op": "refresh", "urn": before["urn"], "type": before["type"], "old": before, "new": after}
    return {"resOutputsEvent": {"metadata": {**metadata, "diffs": [_LIST]}}}
