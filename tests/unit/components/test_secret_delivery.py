"""Where a service principal's credentials are delivered: the resources, and their types compared with the SDK's."""

import importlib.util
from pathlib import Path
from typing import Any

import pulumi
import pytest

from model_serving.components import resources
from model_serving.components.args import OAuthSecretArgs, ServicePrincipalArgs
from model_serving.components.from_spec import principal_args
from model_serving.components.secret_scope import SecretScope
from model_serving.components.service_principal import ServicePrincipal
from model_serving.databricks.resource_types import SECRET_DELIVERY
from model_serving.databricks.special_values import SIGNATURE_KEY
from model_serving.spec.vocabulary.secret_scope import Reader
from model_serving.spec.vocabulary.stack import Stack
from tests.support.pulumi_mocks import Recorded, mocked


def principal(deliver: dict[str, Any], generation: int = 1) -> ServicePrincipalArgs:
    secret = OAuthSecretArgs(generation=generation, deliver=deliver)
    return ServicePrincipalArgs(display_name="shop", oauth_secret=secret)


def test_newest_secret_is_delivered_to_the_scope(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        ServicePrincipal("checkout", principal({"secret_scope": "risk"}, generation=3))

    program()
    assert sorted(name for kind, name in recorded.registered if kind == "ServicePrincipalSecret") == [
        "checkout-secret-2",
        "checkout-secret-3",
    ]
    delivered = recorded.registered["SecretDelivery", "checkout-delivery"]
    secret = delivered.pop("clientSecret")
    assert (secret.pop("value"), list(secret)) == ("s", [SIGNATURE_KEY])
    assert delivered == {
        "scope": "risk",
        "idKeyName": "checkout-client-id",
        "secretKeyName": "checkout-client-secret",
        "applicationId": "app1",
        "secretId": "checkout-secret-3-id",
    }
    assert SECRET_DELIVERY in recorded.types


def test_scope_and_keys_may_be_chosen(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        scope = pulumi.Output.from_input("made elsewhere")
        place = {"scope": scope, "client_id": "id", "client_secret": "oauth"}
        ServicePrincipal("checkout", principal({"secret_scope": place}))

    program()
    delivered = recorded.registered["SecretDelivery", "checkout-delivery"]
    assert [delivered[name] for name in ("scope", "idKeyName", "secretKeyName")] == ["made elsewhere", "id", "oauth"]


def test_places_on_forges_are_inputs_of_the_component(recorded: Recorded) -> None:
    github = {"repository": "acme/checkout", "environment": "prod"}

    @mocked
    def program() -> None:
        ServicePrincipal("checkout", principal({"github": github}))

    program()
    assert ("SecretDelivery", "checkout-delivery") not in recorded.registered
    names = {"client_id_name": "DATABRICKS_CLIENT_ID", "client_secret_name": "DATABRICKS_CLIENT_SECRET"}
    delivery = principal({"github": github}).oauth_secret
    assert delivery
    assert delivery.deliver
    assert delivery.deliver.forge_places == {"github": {**github, **names}}


def test_readers_get_read_on_the_scope(recorded: Recorded) -> None:
    @mocked
    def program() -> None:
        scope = SecretScope("risk", "dev-risk")
        scope.allow(
            [(Reader(group="jobs"), "jobs"), (Reader(service_principal="batch"), pulumi.Output.from_input("a"))]
        )

    program()
    acl = {"scope": "dev-risk", "permission": "READ"}
    assert recorded.registered == {
        ("SecretScope", "risk"): {"name": "dev-risk"},
        ("SecretAcl", "risk-reader-jobs"): {**acl, "principal": "jobs"},
        ("SecretAcl", "risk-reader-batch"): {**acl, "principal": "a"},
    }


def test_prefix_applies_to_created_scopes_and_default_keys() -> None:
    deliver = {"deliver": {"secret_scope": "risk"}}
    fields: dict[str, Any] = {
        "name_prefix": "dev-",
        "service_principals": {"checkout": {"display_name": "shop", "oauth_secret": deliver}},
    }
    places: list[tuple[str | None, ...]] = []
    declared: tuple[dict[str, Any], ...] = ({}, {"risk": {}})
    for scopes in declared:
        secret = principal_args(Stack.model_validate({**fields, "secret_scopes": scopes}), "checkout").oauth_secret
        assert secret
        assert secret.deliver
        assert secret.deliver.secret_scope
        places.append(tuple(value for _, value in secret.deliver.secret_scope))
    keys = ("dev-checkout-client-id", "dev-checkout-client-secret")
    assert places == [("risk", *keys), ("dev-risk", *keys)]


@pytest.mark.parametrize(
    ("ours", "module", "theirs", "sent"),
    [
        (resources.SecretScope, "secret_scope", "SecretScope", {"name"}),
        (resources.SecretAcl, "secret_acl", "SecretAcl", {"scope", "principal", "permission"}),
    ],
)
def test_type_and_inputs_are_the_sdk_s(ours: Any, module: str, theirs: str, sent: set[str]) -> None:
    """Read as text: the import of the whole SDK takes seconds."""
    package = importlib.util.find_spec("pulumi_databricks")
    assert package
    assert package.submodule_search_locations
    source = (Path(package.submodule_search_locations[0]) / f"{module}.py").read_text(encoding="utf-8")
    assert f"'{ours.resource_type}'" in source or f'"{ours.resource_type}"' in source
    arguments = source.partition(f"class {theirs}Args:")[2].partition('"""')[0]
    required = {name for name in sent if f"{name}: pulumi.Input[" in arguments}
    assert required == sent
