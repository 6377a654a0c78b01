"""The stack's own state before this run, read from the engine without another process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from model_serving.databricks.resource_types import MODEL_SERVING

_READ: Final = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine's built-in provider. Source: resource/deploy/builtins.go, the same in 3.220 and 3.256."""

_ID_OUTPUTS: Final = ("id", "name", "servingEndpointId", "servicePrincipalSecretId")
"""Outputs that identify a resource. All others, plaintext client secrets among them, are dropped at once."""


@dataclass(frozen=True)
class StateResource:
    """One resource of the state, with the outputs that identify it."""

    urn: str
    type: str
    outputs: Mapping[str, Any]
    served: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Of a serving endpoint: the model and the version of each served entity that is deployed."""

    @property
    def name(self) -> str:
        """The resource's name in the program: the last part of its URN."""
        return self.urn.rpartition("::")[2]

    @property
    def id(self) -> str:
        """The output `id`."""
        return str(self.outputs.get("id"))


@dataclass(frozen=True)
class State:
    """The resources of the state. If `is_known` is False the engine gave no answer, and nothing may be concluded."""

    resources: tuple[StateResource, ...] = ()
    is_known: bool = True

    def of(self, resource_type: str) -> Iterator[StateResource]:
        """All resources of one type."""
        return (each for each in self.resources if each.type == resource_type)


def read_state() -> State:
    """The state of this stack, in previews and in `destroy --run-program` too. Takes 10 to 50 ms."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        answer = pulumi.runtime.invoke(_READ, {"stackName": stack}).value or {}
    except Exception as error:  # noqa: BLE001  the SDK raises no narrower one
        pulumi.log.debug(f"The stack's own state could not be read: {error}")
        return State(is_known=False)
    resources: Mapping[str, Any] = answer.get("outputs") or {}
    return State(tuple(_resource(urn, each) for urn, each in resources.items()))


def _resource(urn: str, resource: Mapping[str, Any]) -> StateResource:
    outputs = resource.get("outputs") or {}
    kept = {name: outputs[name] for name in _ID_OUTPUTS if name in outputs}
    served = _served(outputs) if resource["type"] == MODEL_SERVING else {}
    return StateResource(urn, resource["type"], kept, served)


def _served(outputs: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    config = outputs.get("config")
    entities = config.get("servedEntities") if isinstance(config, Mapping) else None
    return {
        str(each.get("name")): (str(each["entityName"]), str(each["entityVersion"]))
        for each in entities or ()
        if isinstance(each, Mapping) and each.get("entityName") and each.get("entityVersion")
    }
