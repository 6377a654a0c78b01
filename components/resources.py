"""The Databricks resource types that the components register, by type token.

`pulumi_databricks` is the same thing with a class for each of its types; importing it takes seconds, because its
`__init__` imports every module. These few are registered under the same tokens, so state and policies see no
difference. Inputs are the provider's own names, in camelCase.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi


class _DatabricksResource(pulumi.CustomResource):
    """A resource of the Databricks provider. `outputs` names what only the provider knows."""

    resource_type: ClassVar[str]
    outputs: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=[*self.secrets]))
        super().__init__(self.resource_type, name, {**inputs, **dict.fromkeys(self.outputs)}, merged)

    def output(self, name: str) -> pulumi.Output[Any]:
        """An output by the provider's name of it."""
        value = self.__dict__[name]
        assert isinstance(value, pulumi.Output), f'"{name}" is not an output of {self.resource_type}'
        return value


class ModelServing(_DatabricksResource):
    resource_type = "databricks:index/modelServing:ModelServing"
    outputs = ("servingEndpointId", "endpointUrl")


class Permissions(_DatabricksResource):
    resource_type = "databricks:index/permissions:Permissions"


class ServicePrincipal(_DatabricksResource):
    resource_type = "databricks:index/servicePrincipal:ServicePrincipal"
    outputs = ("applicationId",)


class ServicePrincipalSecret(_DatabricksResource):
    resource_type = "databricks:index/servicePrincipalSecret:ServicePrincipalSecret"
    outputs = ("secret",)
    secrets = ("secret",)
