"""The hook that asks once for each retired endpoint whether it may be deleted."""

import asyncio
from typing import Any

import pulumi
import pytest

from model_serving.components.guard import quiet_predecessor_hook
from model_serving.components.guard.quiet_predecessor_hook import QuietPredecessorHook
from model_serving.components.succession.recorded_families import Member, Retirement
from model_serving.components.succession.retirement import RetirementRefusedError
from model_serving.databricks.resource_types import ENDPOINT_SETTINGS, MODEL_SERVING, PERMISSIONS
from model_serving.spec import Stack
from model_serving.spec.succession import declared_endpoints

ENTITIES = {"one": {"entity": "main.ml.fraud", "version": "7"}}
(HEIR,) = declared_endpoints(Stack.model_validate({"endpoints": {"fraud": {"served_entities": ENTITIES}}}))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The endpoints that the hook has asked about; `called` is still called."""
    names: list[str] = []

    def require_quiet(retired: Retirement, *_: Any, **_more: Any) -> None:
        names.append(retired.member.name)
        if retired.member.name == "called":
            raise RetirementRefusedError("the reason")

    monkeypatch.setattr(quiet_predecessor_hook, "require_quiet", require_quiet)
    monkeypatch.setattr(pulumi, "ResourceHook", lambda *_: None)
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")
    return names


def delete(hook: QuietPredecessorHook, *resources: tuple[str, str]) -> list[str]:
    """The errors of deleting these resources together, each with its type."""

    async def run() -> list[BaseException | None]:
        args = (pulumi.ResourceHookArgs(urn="urn", id="id", name=name, type=kind) for kind, name in resources)
        return await asyncio.gather(*map(hook.refuse, args), return_exceptions=True)

    return [str(error) for error in asyncio.run(run()) if error]


def hook_of(**retired: str) -> QuietPredecessorHook:
    """A hook that watches these endpoints, by resource."""
    hook = QuietPredecessorHook()
    hook.watch([Retirement(HEIR, Member(resource, name, "id")) for resource, name in retired.items()], {}, 3600)
    return hook


def test_children_are_refused_with_their_endpoint(asked: list[str]) -> None:
    children = [(PERMISSIONS, "old-permissions"), (ENDPOINT_SETTINGS, "old-settings"), (MODEL_SERVING, "old")]
    errors = delete(hook_of(old="called"), *children)
    again = 'Endpoint "called" can\'t be retired, as reported already'
    assert (errors, asked) == (["the reason", again, again], ["called"])


def test_a_quiet_endpoint_may_be_deleted(asked: list[str]) -> None:
    assert delete(hook_of(old="quiet"), (PERMISSIONS, "old-permissions"), (MODEL_SERVING, "old")) == []
    assert asked == ["quiet"]


def test_a_declared_endpoint_is_not_asked_about(asked: list[str]) -> None:
    assert delete(hook_of(old="called"), (MODEL_SERVING, "old-settings"), (PERMISSIONS, "other-permissions")) == []
    assert asked == []
