"""The resource for an access list without entries: `databricks.Permissions` requires at least one.

Source: terraform-provider-databricks, permissions/resource_permissions.go (`access_control` has MinItems 1, and a read
that finds no entry beside the caller's removes the resource from the state).
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from model_serving.components.endpoint_access.provider import AccessProvider
from model_serving.components.resources import revealed


class EndpointAccess(Resource, module="model-serving", name="EndpointAccess"):
    """The empty access list of one endpoint: nobody but administrators and whoever deploys has access.

    Inputs: `endpointName`, `endpointId`, and where they are set `deployer` and `workspace`, the settings of an
    explicit provider.
    """

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(AccessProvider(), name, revealed({**inputs, "accessControls": []}), opts)
