"""The components' arguments: what they accept, and how wrong ones are reported."""

from typing import Any

import pytest

from model_serving.components.args import (
    PermissionArgs,
    RateLimitArgs,
    ServedEntityArgs,
    ServicePrincipalArgs,
    ServingEndpointArgs,
)
from model_serving.components.inputs import endpoint_inputs
from model_serving.contract.rows import Handling, fields
from model_serving.spec import Secret
from model_serving.spec.introspection import provider_path
from model_serving.spec.vocabulary.stack import BaseEndpoint, ServedEntity


class Output:
    """An output of another resource, as far as the arguments know one; it can't be read like text."""

    def __iter__(self) -> Any:
        raise TypeError

    def __str__(self) -> str:
        return "Calling __str__ on an Output[T] is not supported."  # for every output, as Pulumi's

    def apply(self, _function: Any) -> "Output":
        return self


def endpoint(**entity: Any) -> ServingEndpointArgs:
    return ServingEndpointArgs(name="fraud", served_entities={"champion": ServedEntityArgs(**entity)})


def test_text_may_be_an_output() -> None:
    model, version, variable = Output(), Output(), Output()
    args = endpoint(entity=model, version=version, environment_vars={"HOST": variable})
    (entity,) = endpoint_inputs(args).model_serving["config"]["servedEntities"]
    assert entity["entityName"] is model
    assert entity["entityVersion"] is version
    assert entity["environmentVars"]["HOST"] is variable


@pytest.mark.parametrize("names", [(Output(), Output()), (Secret("one"), Secret("two"))], ids=["outputs", "secrets"])
def test_hidden_names_are_different_principals(names: tuple[Any, Any]) -> None:
    permissions = [PermissionArgs(service_principal=name, level="CAN_QUERY") for name in names]
    args = ServingEndpointArgs(
        name="fraud",
        served_entities={"champion": ServedEntityArgs(entity="m", version="1")},
        permissions=permissions,
        ai_gateway={"rate_limits": [RateLimitArgs(key="user", calls=1, principal=name) for name in names]},
    )
    assert len(endpoint_inputs(args).access_controls or []) == 2


def test_the_same_principal_twice_is_refused_without_its_name() -> None:
    permissions = [PermissionArgs(user=Secret("planted"), level=level) for level in ("CAN_VIEW", "CAN_QUERY")]
    with pytest.raises(ValueError, match=r"permissions\[1\]: user a secret has two entries"):
        ServingEndpointArgs(
            name="fraud", served_entities={"champion": {"feature_spec": "a.b.c"}}, permissions=permissions
        )


@pytest.mark.parametrize(
    ("model", "arguments", "problem"),
    [
        (ServedEntityArgs, {"entty": "m"}, 'entty: unknown key "entty". Did you mean "entity"?'),
        (ServedEntityArgs, {"workload_size": "small"}, 'workload_size: "small" is not one of Small, Medium, Large.'),
        (ServedEntityArgs, {"entity": Secret("planted"), "version": "x"}, 'version: "x" is not a model version.'),
        (ServedEntityArgs, {"version": Secret("planted")}, "version: a secret is not a model version."),
        (endpoint, {"entity": "main.ml.fraud"}, 'entity: no version of model "main.ml.fraud" is chosen.'),
        (endpoint, {"entity": Output()}, "version: no version of the model is chosen."),
        (ServingEndpointArgs, {"name": Output()}, "name: must be text; found an output."),
        (ServingEndpointArgs, {"name": "fraud"}, "served_entities: is required but missing."),
        (
            ServingEndpointArgs,
            {"name": "f", "served_entities": {"x": {"feature_spec": "a.b.c"}}, "replace_id": Output()},
            "replace_id: must be text; found an output.",
        ),
        (
            ServicePrincipalArgs,
            {},
            "\nhas neither display_name, which creates one, nor application_id, which uses an existing one.",
        ),
    ],
)
def test_wrong_arguments_are_reported_by_field(model: Any, arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=r"^Invalid ") as refused:
        model(**arguments)
    assert problem in str(refused.value)
    assert "planted" not in str(refused.value)


def test_fields_that_are_not_sent_agree_with_the_contract() -> None:
    unsent = {row.path for row in fields("model_serving") if row.handling is Handling.UNSENT}
    excluded = {name for name, field in ServedEntity.model_fields.items() if field.exclude}
    prefix = "config.servedEntities.*."
    assert {prefix + provider_path(ServedEntity.model_fields[name])[-1] for name in excluded} == unsent


FOUNDATION_MODELS = {
    "config.servedEntities.*.minProvisionedThroughput",
    "config.servedEntities.*.maxProvisionedThroughput",
    "config.servedEntities.*.provisionedModelUnits",
}
"""The policy pack rejects these models."""


def test_every_field_that_is_sent_has_a_row() -> None:
    rows = {row.path.removesuffix(".*").removesuffix(".routes") for row in fields("model_serving")}
    entity = [("config", "servedEntities", "*", *provider_path(field)) for field in ServedEntity.model_fields.values()]
    sent = [provider_path(field) for field in BaseEndpoint.model_fields.values() if not field.exclude]
    assert {".".join(path) for path in (*entity, *sent)} - rows == FOUNDATION_MODELS
