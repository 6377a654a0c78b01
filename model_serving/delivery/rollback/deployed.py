"""An endpoint as Pulumi's state has it: what a rollback starts from, and what it leaves as it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from model_serving.databricks.naming import model_label
from model_serving.databricks.resource_types import MODEL_SERVING, ROLLED_BACK
from model_serving.errors import UserError
from model_serving.operations.rollout_history import History, read_history
from model_serving.operations.stack_state import Resource, address_keys, resource_name
from model_serving.spec.succession import predecessor_address

_DEFAULTS: Final = "__defaults"
"""The provider's own note in its inputs."""


@dataclass(frozen=True)
class DeployedEntity:
    """A served entity. `version` is empty for a feature spec."""

    name: str
    model: str
    version: str
    fields: tuple[str, ...]
    """The names of its inputs."""

    @property
    def label(self) -> str:
        """The model as records of rollouts have it: `main.ml.fraud v8`."""
        return model_label(self.model, self.version)

    def __str__(self) -> str:
        return f"{self.name} ({self.label})"


@dataclass(frozen=True)
class DeployedEndpoint:
    """An endpoint and the rest of its component."""

    key: str
    """What commands know it by: its key, or `KEY.predecessor`."""
    name: str
    """Its name in the workspace."""
    urn: str
    entities: Mapping[str, DeployedEntity]
    """By name, in the order of the endpoint's configuration."""
    traffic: Mapping[str, int]
    fields: tuple[str, ...]
    config_fields: tuple[str, ...]
    outputs: Mapping[str, Any]
    """The outputs of its component."""
    siblings: tuple[tuple[str, str], ...]
    """Type and name of each other resource of its component."""
    protect: bool
    retain_on_delete: bool
    history: History | None
    is_rolled_back: bool
    """Whether it was rolled back since the last deployment of the whole stack."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """The inputs of its component."""

    @property
    def resource(self) -> str:
        """The name of its resource, and of its component."""
        return self.urn.rpartition("::")[2]

    @property
    def versions(self) -> Mapping[str, tuple[str, str]]:
        """Model and version by served entity."""
        return {name: (each.model, each.version) for name, each in self.entities.items()}


def companion_of(stack: str, deployed: DeployedEndpoint, resources: Sequence[Resource]) -> DeployedEndpoint | None:
    """The predecessor of an endpoint that serves the same: it goes back with the endpoint. None without one."""
    key = predecessor_address(deployed.key)
    if key not in address_keys(resources).values():
        return None
    predecessor = deployed_endpoint(stack, key, resources)
    is_same = dict(predecessor.traffic) == dict(deployed.traffic) and predecessor.versions == deployed.versions
    return predecessor if is_same else None


def deployed_endpoint(stack: str, key: str, resources: Sequence[Resource]) -> DeployedEndpoint:
    """The endpoint of that key. Raises UserError where the state has none that a rollback can restore."""
    keys = address_keys(resources)
    names = {name for name, known in keys.items() if known == key}
    own = next((each for each in resources if _is_live(each) and resource_name(each) in names), None)
    parent = own.get("parent") if own else None
    component = next((each for each in resources if each["urn"] == parent), None)
    if own is None or component is None:
        raise UserError(f'Endpoint "{key}" of stack "{stack}" is not deployed: deploy it first, pulumi up')
    inputs, outputs = own.get("inputs") or {}, dict(component.get("outputs") or {})
    config = inputs.get("config") or {}
    entities = [_entity(each) for each in config.get("servedEntities") or []]
    return DeployedEndpoint(
        key,
        str(inputs["name"]),
        str(own["urn"]),
        {each.name: each for each in entities},
        _traffic(config, [each.name for each in entities]),
        _names(inputs, "name", "config"),
        _names(config, "servedEntities", "trafficConfig"),
        {name: value for name, value in outputs.items() if name != ROLLED_BACK},
        tuple(_siblings(resources, component, own)),
        bool(own.get("protect")),
        bool(own.get("retainOnDelete")),
        read_history(stack, resources).get(key),
        bool(outputs.get(ROLLED_BACK)),
        dict(component.get("inputs") or {}),
    )


def _is_live(resource: Resource) -> bool:
    return bool(resource["type"] == MODEL_SERVING and not resource.get("delete"))


def _names(values: Mapping[str, Any], *others: str) -> tuple[str, ...]:
    return tuple(name for name in values if name not in (_DEFAULTS, *others))


def _entity(inputs: Mapping[str, Any]) -> DeployedEntity:
    model, version = inputs.get("entityName") or "", inputs.get("entityVersion") or ""
    return DeployedEntity(str(inputs["name"]), str(model), str(version), _names(inputs))


def _traffic(config: Mapping[str, Any], entities: Sequence[str]) -> dict[str, int]:
    routes = (config.get("trafficConfig") or {}).get("routes") or []
    shares = {str(each.get("servedModelName") or ""): int(each.get("trafficPercentage") or 0) for each in routes}
    return shares or dict.fromkeys(entities, 100)


def _siblings(resources: Iterable[Resource], component: Resource, own: Resource) -> Iterable[tuple[str, str]]:
    for each in resources:
        if each.get("parent") == component["urn"] and each["urn"] != own["urn"] and not each.get("delete"):
            yield str(each["type"]), resource_name(each)
