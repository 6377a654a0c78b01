"""The Databricks resource types that the components register, by type token.

`import pulumi_databricks` takes seconds, because its `__init__` imports every module. These classes register resources
of the same type tokens, so state and policies see no difference. Inputs have the provider's own names, in camelCase.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi

from model_serving.components.deployment.slow_operations import Operation, report_if_slow
from model_serving.databricks import resource_types
from model_serving.spec.files.secrets import is_secret


class _DatabricksResource(pulumi.CustomResource):
    """A resource of the Databricks provider. `outputs` names the properties that only the provider sets.

    `kind` is its name in messages, `after` the kinds of resources that it may wait for.
    """

    resource_type: ClassVar[str]
    kind: ClassVar[str]
    after: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=[*self.secrets]))
        super().__init__(self.resource_type, name, {**revealed(inputs), **dict.fromkeys(self.outputs)}, merged)
        endpoint = inputs.get("name") if self.resource_type == ModelServing.resource_type else None
        report_if_slow(self, Operation(self.kind, name, self.after, endpoint if isinstance(endpoint, str) else None))

    def output(self, name: str) -> pulumi.Output[Any]:
        """The output of this name, which is the provider's."""
        value = self.__dict__[name]
        assert isinstance(value, pulumi.Output), f'"{name}" is not an output of {self.resource_type}'
        return value


class ModelServing(_DatabricksResource):
    """A serving endpoint."""

    resource_type = resource_types.MODEL_SERVING
    kind = "serving endpoint"
    outputs = ("servingEndpointId", "endpointUrl")


class Permissions(_DatabricksResource):
    """The whole access list of one endpoint."""

    resource_type = resource_types.PERMISSIONS
    kind = "permissions"
    after = ("serving endpoint", "service principal")


class Grant(_DatabricksResource):
    """One principal's privileges on one securable; others' are left alone (`databricks.Grants` would take them)."""

    resource_type = resource_types.GRANT
    kind = "grant"
    after = ("service principal",)


class ServicePrincipal(_DatabricksResource):
    """A service principal of the workspace."""

    resource_type = resource_types.SERVICE_PRINCIPAL
    kind = "service principal"
    outputs = ("applicationId",)


class ServicePrincipalSecret(_DatabricksResource):
    """An OAuth secret of a service principal."""

    resource_type = resource_types.SERVICE_PRINCIPAL_SECRET
    kind = "OAuth secret"
    after = ("service principal",)
    outputs = ("secret",)
    secrets = ("secret",)


class SecretScope(_DatabricksResource):
    """A secret scope in Databricks' own storage."""

    resource_type = resource_types.SECRET_SCOPE
    kind = "secret scope"


class SecretAcl(_DatabricksResource):
    """One principal's right on a whole secret scope."""

    resource_type = resource_types.SECRET_ACL
    kind = "secret ACL"
    after = ("secret scope", "service principal")


def existing_service_principal(
    application_id: pulumi.Input[str], parent: pulumi.Resource
) -> pulumi.Output[dict[str, Any]]:
    """An existing service principal: its `id`, `applicationId` and `displayName`."""
    found: pulumi.Output[dict[str, Any]] = pulumi.runtime.invoke_output(
        resource_types.GET_SERVICE_PRINCIPAL,
        revealed({"applicationId": application_id}),
        pulumi.InvokeOutputOptions(parent=parent),
    )
    return found


def revealed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs with the secrets of a stack file as Pulumi's secrets."""
    return {name: _revealed(value) for name, value in inputs.items()}


def _revealed(value: Any) -> Any:
    if is_secret(value):
        return pulumi.Output.secret(value.reveal())
    if isinstance(value, Mapping):
        return revealed(value)
    return [_revealed(item) for item in value] if isinstance(value, list) else value
