"""The resource for the endpoint settings whose changes the Databricks provider drops.

`databricks.ModelServing` sends `emailNotifications` and `telemetryConfig` at creation only, reports every later change
as done, and panics if `aiGateway` is removed (model_serving/contract/model_serving.yaml). The API has a call for each
of them.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from model_serving.components.endpoint_settings.provider import SettingsProvider
from model_serving.components.resources import revealed


class EndpointSettings(Resource, module="model-serving", name="EndpointSettings"):
    """The settings of one endpoint, with the names and the shape of the Databricks provider.

    Inputs: `endpointName` and `endpointId`; any of `aiGateway`, `emailNotifications`, `telemetryConfig`; and
    `workspace`, the settings of an explicit provider. Removing a setting from the inputs removes it.
    """

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SettingsProvider(), name, revealed(inputs), opts)
