"""The provider of `SecretDelivery` on the embedded workspace: rotation, moves, drift and refusals."""

import base64
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from model_serving.components.secret_delivery.provider import DeliveryError, DeliveryProvider
from model_serving.databricks.special_values import CHANGED_OUTSIDE

SECRETS = "/api/2.0/secrets"
Inputs = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _tracebacks() -> Iterator[None]:
    yield
    sys.tracebacklimit = 1000


@pytest.fixture
def inputs(frozen: Any) -> Inputs:
    """The inputs of a delivery to a new scope; keyword arguments change them."""
    for scope in ("risk", "other"):
        frozen.call("POST", f"{SECRETS}/scopes/create", {"scope": scope})

    def build(**changes: Any) -> dict[str, Any]:
        plain = {"scope": "risk", "idKeyName": "id", "secretKeyName": "oauth", "applicationId": "app"}
        return {**plain, "clientSecret": "planted-1", "secretId": "s1", "workspace": frozen.settings(), **changes}

    return build


def stored(frozen: Any, scope: str = "risk") -> dict[str, str]:
    listed = frozen.call("GET", f"{SECRETS}/list?scope={scope}")["secrets"]
    return {
        each["key"]: base64.b64decode(
            frozen.call("GET", f"{SECRETS}/get?scope={scope}&key={each['key']}")["value"]
        ).decode()
        for each in listed
    }


@dataclass(frozen=True)
class Delivered:
    """What the provider answers to a creation."""

    id: str
    outs: dict[str, Any]


def create(inputs: dict[str, Any]) -> Delivered:
    made = DeliveryProvider().create(inputs)
    return Delivered(str(made.id), dict(made.outs or {}))


def read(made: Delivered, **changes: Any) -> Delivered:
    found = DeliveryProvider().read(made.id, {**made.outs, **changes})
    return Delivered(str(found.id), dict(found.outs or {}))


def test_both_values_are_written(frozen: Any, inputs: Inputs) -> None:
    made = create(inputs())
    assert stored(frozen) == {"id": "app", "oauth": "planted-1"}
    assert made.id == "risk/oauth"
    assert "planted" not in str(made.outs)


def test_rotation_overwrites_without_a_deletion(frozen: Any, inputs: Inputs) -> None:
    provider, new = DeliveryProvider(), inputs(clientSecret="planted-2", secretId="s2")
    made = create(inputs())
    assert provider.diff(made.id, made.outs, new).changes
    assert provider.diff(made.id, made.outs, new).replaces == []
    provider.update(made.id, made.outs, new)
    assert stored(frozen) == {"id": "app", "oauth": "planted-2"}
    assert frozen.requests(f"{SECRETS}/delete") == []


def test_same_secret_is_no_difference(inputs: Inputs) -> None:
    provider = DeliveryProvider()
    made = create(inputs())
    assert not provider.diff(made.id, made.outs, inputs(clientSecret="not decrypted")).changes
    assert not provider.diff(made.id, made.outs, inputs(workspace={**inputs()["workspace"], "token": "x"})).changes


def test_renamed_key_replaces_only_the_old_one(frozen: Any, inputs: Inputs) -> None:
    provider = DeliveryProvider()
    made = create(inputs())
    provider.update(made.id, made.outs, inputs(idKeyName="application-id"))
    assert stored(frozen) == {"application-id": "app", "oauth": "planted-1"}


def test_another_scope_is_written_before_the_first_is_cleared(frozen: Any, inputs: Inputs) -> None:
    provider, moved = DeliveryProvider(), inputs(scope="other")
    made = create(inputs())
    planned = provider.diff(made.id, made.outs, moved)
    assert (planned.replaces, planned.delete_before_replace) == (["scope"], False)
    provider.create(moved)
    provider.delete(made.id, made.outs)
    assert (stored(frozen), stored(frozen, "other")) == ({}, {"id": "app", "oauth": "planted-1"})


def test_deletion_of_missing_keys_succeeds(frozen: Any, inputs: Inputs) -> None:
    made = create(inputs())
    frozen.call("POST", f"{SECRETS}/delete", {"scope": "risk", "key": "id"})
    DeliveryProvider().delete(made.id, made.outs)
    frozen.call("POST", f"{SECRETS}/scopes/delete", {"scope": "risk"})
    DeliveryProvider().delete(made.id, made.outs)


def test_refresh_sees_no_difference(inputs: Inputs) -> None:
    made = create(inputs())
    assert read(made) == made


def test_refresh_sees_an_overwritten_secret(frozen: Any, inputs: Inputs) -> None:
    made = create(inputs())
    frozen.clock.advance(5)
    frozen.call("POST", f"{SECRETS}/put", {"scope": "risk", "key": "oauth", "string_value": "mine"})
    found = read(made)
    assert found.outs == {**made.outs, "secretId": CHANGED_OUTSIDE}
    assert DeliveryProvider().diff(made.id, found.outs, inputs()).changes


@pytest.mark.parametrize("path", ["delete", "scopes/delete"])
def test_refresh_sees_a_missing_key(frozen: Any, inputs: Inputs, path: str) -> None:
    made = create(inputs())
    frozen.call("POST", f"{SECRETS}/{path}", {"scope": "risk", "key": "oauth"})
    assert read(made) == Delivered("", {})


def test_reader_without_rights_sees_no_difference(frozen: Any, inputs: Inputs) -> None:
    _, reader = frozen.principal()
    made = create(inputs())
    assert read(made, workspace=reader) == Delivered(made.id, {**made.outs, "workspace": reader})


def test_refusal_names_the_scope_and_no_value(frozen: Any, inputs: Inputs) -> None:
    name, deployer = frozen.principal()
    frozen.call("POST", f"{SECRETS}/acls/put", {"scope": "risk", "principal": name, "permission": "READ"})
    for scope, explained in (("risk", "It needs WRITE on the scope"), ("nope", "Create the scope, or declare it")):
        with pytest.raises(DeliveryError, match=f'Delivery to secret scope "{scope}": .*{explained}') as refused:
            DeliveryProvider().create(inputs(scope=scope, workspace=deployer))
        assert "planted" not in str(refused.value)
    assert stored(frozen) == {}
