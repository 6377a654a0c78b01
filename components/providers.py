"""The settings of the Databricks provider that a component's resources get."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from model_serving.databricks.naming import snake_case
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.timeouts import RETRY_SECONDS, TIMEOUT_SETTINGS

_SETTINGS: Final = (
    "accountId",
    "authType",
    "azureClientId",
    "azureClientSecret",
    "azureEnvironment",
    "azureTenantId",
    "azureWorkspaceResourceId",
    "clientId",
    "clientSecret",
    "configFile",
    "host",
    "profile",
    "token",
    *TIMEOUT_SETTINGS,
)
"""The provider's settings that choose the workspace, the caller and the timeouts."""


class DatabricksProvider(pulumi.ProviderResource):
    """An explicit Databricks provider, for a program that uses more than one workspace.

    The same as `pulumi_databricks.Provider`, without the import of that package. Settings are the provider's own, in
    camelCase: `DatabricksProvider("eu", {"host": ..., "token": pulumi.Output.secret(...)})`. `retryTimeoutSeconds` is
    RETRY_SECONDS by default: without it, the provider retries a call that is answered 429 or 503 indefinitely.
    """

    def __init__(
        self, name: str, settings: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("databricks", name, {TIMEOUT_SETTINGS[0]: str(RETRY_SECONDS), **settings}, opts)


def explicit_settings(component: pulumi.Resource) -> pulumi.Output[dict[str, Any]] | None:
    """The settings of the component's explicit provider, as a secret; None if it uses the stack's default provider."""
    provider = component.get_provider(MODEL_SERVING)
    if provider is None:
        return None
    stated = {name: value for name in _SETTINGS if (value := _setting(provider, name)) is not None}
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.all(**stated).apply(
        lambda values: {name: value for name, value in values.items() if value}
    )
    return pulumi.Output.secret(known)


def explicit_host(component: pulumi.ComponentResource) -> pulumi.Output[str] | None:
    """The workspace's URL in the explicit provider's settings; not a secret."""
    provider = component.get_provider(MODEL_SERVING)
    return _setting(provider, "host") if provider else None


def _setting(provider: pulumi.ProviderResource, name: str) -> Any:
    """One of the provider's inputs. `pulumi_databricks.Provider` keeps them in snake_case."""
    return provider.__dict__.get(name) or provider.__dict__.get(snake_case(name))


def default_settings() -> dict[str, Any]:
    """The settings of the default provider, from the stack's configuration: `databricks:host`, `databricks:token`..."""
    config = pulumi.Config("databricks")
    return {name: value for name in _SETTINGS if (value := config.get(name))}
