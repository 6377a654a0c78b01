"""The effect of a component's options on the registration of each child."""

from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from model_serving.components.args import (
    OAuthSecretArgs,
    PermissionArgs,
    ServedEntityArgs,
    ServicePrincipalArgs,
    ServingEndpointArgs,
)
from model_serving.components.service_principal import ServicePrincipal
from model_serving.components.serving_endpoint import ServingEndpoint
from model_serving.spec.vocabulary.stack import EmailNotifications
from tests.support.pulumi_mocks import Mocks, mocked, use_mocks


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The registration requests of a program by resource name."""
    recorded: dict[str, Any] = {}

    class Recording(mocks.MockMonitor):
        def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the engine's name of it
            recorded[request.name] = request
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # it has no types

    monkeypatch.setattr(mocks, "MockMonitor", Recording)
    use_mocks(Mocks())
    return recorded


def register(opts: pulumi.ResourceOptions | None) -> None:
    """An endpoint with settings and permissions."""
    args = ServingEndpointArgs(
        name="fraud",
        served_entities={"champion": ServedEntityArgs(entity="main.ml.fraud", version="7", workload_size="Small")},
        permissions=[PermissionArgs(group="ml", level="CAN_QUERY")],
        email_notifications=EmailNotifications(on_update_failure=["ann@example.com"]),
        preflight=False,
    )

    @mocked
    def program() -> None:
        ServingEndpoint("one", args, opts)

    program()


def option_values(requests: dict[str, Any], option: str) -> dict[str, Any]:
    """An option of endpoint, settings and permissions; None if it is not set."""
    names = ("one", "one-settings", "one-permissions")
    return {name: getattr(requests[name], option) if requests[name].HasField(option) else None for name in names}


@pytest.mark.parametrize(
    ("opts", "protect", "retain"),
    [
        (None, (None, False, False), (None, None, None)),
        (pulumi.ResourceOptions(protect=True), (True, False, False), (None, None, None)),
        (pulumi.ResourceOptions(retain_on_delete=True), (None, False, False), (True, True, True)),
        (
            pulumi.ResourceOptions(protect=True, retain_on_delete=True),
            (True, False, False),
            (True, True, True),
        ),
    ],
    ids=["none", "protected", "retained", "both"],
)
def test_protect_and_retain_on_delete_of_children(
    requests: dict[str, Any], opts: pulumi.ResourceOptions | None, protect: tuple[Any, ...], retain: tuple[Any, ...]
) -> None:
    register(opts)
    assert tuple(option_values(requests, "protect").values()) == protect
    assert tuple(option_values(requests, "retainOnDelete").values()) == retain


def test_children_are_deleted_with_the_component(requests: dict[str, Any]) -> None:
    register(None)
    (endpoint,) = set(requests["one-settings"].dependencies)
    assert endpoint.endswith("ModelServing::one")
    for child in ("one-settings", "one-permissions"):
        assert requests[child].deletedWith.endswith("ServingEndpoint::one")
        assert list(requests[child].dependencies) == [endpoint]


def test_only_the_first_secret_has_an_alias(requests: dict[str, Any]) -> None:
    @mocked
    def program() -> None:
        ServicePrincipal("p", ServicePrincipalArgs(display_name="shop", oauth_secret=OAuthSecretArgs(generation=2)))

    program()
    aliases = {name: [alias.spec.name for alias in requests[name].aliases] for name in ("p-secret-1", "p-secret-2")}
    assert aliases == {"p-secret-1": ["p-secret"], "p-secret-2": []}
