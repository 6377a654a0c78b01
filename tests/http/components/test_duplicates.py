"""Duplicates that appear during a creation, identified by overlap, rights and time."""

import asyncio
from typing import Any

import pulumi
import pytest

from model_serving.components.principals import duplicates
from model_serving.components.principals.duplicates import principal_hooks, secret_hooks
from model_serving.components.principals.listing import Principal, Secret, list_principals, list_secrets
from model_serving.databricks.client import connect

SCIM = "/api/2.0/preview/scim/v2/ServicePrincipals"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The logged warnings; every creation is long enough to have been sent again."""
    messages: list[str] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, callback, _options=None: callback)
    monkeypatch.setattr(pulumi.log, "warn", messages.append)
    for watches in (duplicates._principals, duplicates._secrets):  # noqa: SLF001
        watches._objects.clear()  # noqa: SLF001
    monkeypatch.setattr(duplicates, "RESENT_AFTER", 0.0)
    return messages


def principal(frozen: Any, name: str = "shop", **members: Any) -> str:
    return str(frozen.call("POST", SCIM, {"displayName": name, **members})["id"])


def secret(frozen: Any, owner: str) -> str:
    return str(frozen.call("POST", f"/api/2.0/accounts/servicePrincipals/{owner}/credentials/secrets", {})["id"])


def ids(found: list[Principal] | list[Secret]) -> set[str]:
    return {each.id for each in found}


async def hook(
    binding: pulumi.ResourceHookBinding, when: str, name: str, inputs: dict[str, Any], id_: str = ""
) -> None:
    (callback,) = getattr(binding, f"{when}_create")
    await callback(pulumi.ResourceHookArgs(urn="u", id=id_, name=name, type="t", new_inputs=inputs))


def create_principal(frozen: Any, *others: dict[str, Any]) -> tuple[str, list[str]]:
    """Create one through the hooks while others appear; returns its id and theirs."""
    inputs = {"displayName": "shop"}

    async def program() -> tuple[str, list[str]]:
        binding = principal_hooks("one", pulumi.Output.from_input(frozen.settings()))
        await hook(binding, "before", "one", inputs)
        appeared = [principal(frozen, **other) for other in others]
        made = principal(frozen)
        await hook(binding, "after", "one", inputs, made)
        return made, appeared

    return asyncio.run(program())


def test_only_a_new_duplicate_is_removed(frozen: Any, warnings: list[str]) -> None:
    older = principal(frozen)
    made, (duplicate,) = create_principal(frozen, {})
    assert ids(list_principals(connect(frozen.settings()), "shop")) == {older, made}
    (message,) = warnings
    assert message.startswith(f'Removed service principal "shop" (id {duplicate}): ')


@pytest.mark.parametrize(
    "other", [{"entitlements": [{"value": "workspace-access"}]}, {"name": "Shop"}], ids=["rights", "name"]
)
def test_different_rights_or_name_are_kept(frozen: Any, warnings: list[str], other: dict[str, Any]) -> None:
    _, (appeared,) = create_principal(frozen, other)
    assert frozen.call("GET", f"{SCIM}/{appeared}")["id"] == appeared
    reported = [f"If nobody uses it, remove it: databricks service-principals delete {appeared}"]
    assert [message.partition("stack. ")[2] for message in warnings] == ([] if "name" in other else reported)


def test_a_principal_with_secret_is_kept(frozen: Any, warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "list_secrets", lambda _workspace, _principal: ["somebody's"])
    made, (appeared,) = create_principal(frozen, {})
    assert ids(list_principals(connect(frozen.settings()), "shop")) == {made, appeared}
    assert len(warnings) == 1


def test_a_short_creation_is_not_compared(frozen: Any, warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "RESENT_AFTER", 3600.0)
    made, (appeared,) = create_principal(frozen, {})
    assert ids(list_principals(connect(frozen.settings()), "shop")) == {made, appeared}
    assert (warnings, len(frozen.requests(SCIM))) == ([], 4)  # two creations, a listing before, and the test's own


@pytest.mark.parametrize("is_exclusive", [True, False], ids=["created here", "looked up"])
def test_overlapping_secret_creations_are_compared_together(
    frozen: Any, warnings: list[str], *, is_exclusive: bool
) -> None:
    owner = principal(frozen)
    older, inputs = secret(frozen, owner), {"servicePrincipalId": owner}

    async def program() -> tuple[set[str], str]:
        settings = pulumi.Output.from_input(frozen.settings())
        bindings = {name: secret_hooks(name, settings, is_exclusive=is_exclusive) for name in ("one", "two")}
        await asyncio.gather(*(hook(binding, "before", name, inputs) for name, binding in bindings.items()))
        one, two, lost = secret(frozen, owner), secret(frozen, owner), secret(frozen, owner)
        await hook(bindings["one"], "after", "one", inputs, one)
        assert warnings == []
        await hook(bindings["two"], "after", "two", inputs, two)
        return {one, two}, lost

    made, lost = asyncio.run(program())
    left = ids(list_secrets(connect(frozen.settings()), owner))
    assert left == ({older, *made} if is_exclusive else {older, *made, lost})
    (messages,) = warnings
    start = f"Removed OAuth secret {lost}" if is_exclusive else f"There is a new OAuth secret {lost}"
    assert messages.startswith(f"{start} of service principal {owner}")
