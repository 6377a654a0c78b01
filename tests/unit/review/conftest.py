"""Previews made by hand, for cases without a recording."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from model_serving.databricks.resource_types import ROLLED_BACK, SERVING_ENDPOINT_COMPONENT

Event = dict[str, Any]
Planned = Callable[..., Event]

ENDPOINT = "databricks:index/modelServing:ModelServing"


def urn(resource: str, name: str, component: str = "model-serving:index:ServingEndpoint") -> str:
    return f"urn:pulumi:prod::model-serving::{component}${resource}::{name}"


def endpoint_inputs(name: str, **fields: Any) -> dict[str, Any]:
    """An endpoint's inputs as the components write them."""
    entity = {"name": "champion", "entityName": "main.ml.fraud", "entityVersion": "7", "workloadSize": "Small"}
    traffic = {"routes": [{"servedModelName": "champion", "trafficPercentage": 100}]}
    return {"name": name, "config": {"servedEntities": [entity], "trafficConfig": traffic}, **fields}


def planned(
    op: str,
    name: str,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    resource: str = ENDPOINT,
    **metadata: Any,
) -> Event:
    """One step as the engine reports it."""
    parent = f"urn:pulumi:prod::model-serving::model-serving:index:ServingEndpoint::{name.removesuffix('-permissions')}"
    sides = {
        side: {"parent": parent, "inputs": dict(inputs), "outputs": {}} if inputs is not None else None
        for side, inputs in (("old", old), ("new", new))
    }
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": urn(resource, name), **sides, **metadata}}}


@pytest.fixture
def plan() -> Planned:
    return planned


@pytest.fixture
def inputs() -> Callable[..., dict[str, Any]]:
    return endpoint_inputs


def component(*, rolled_back: bool) -> dict[str, Any]:
    """The component of an endpoint in a plan."""
    outputs = {"name": "fraud", **({ROLLED_BACK: True} if rolled_back else {})}
    urn = f"urn:pulumi:prod::model-serving::{SERVING_ENDPOINT_COMPONENT}::fraud"
    state = {"inputs": {}, "outputs": outputs}
    return {"resourcePreEvent": {"metadata": {"op": "same", "urn": urn, "old": state, "new": state}}}
