"""Type tokens of Pulumi resources: those of the Databricks provider, of this library's components, of the engine."""

from typing import Final

MODEL_SERVING: Final = "databricks:index/modelServing:ModelServing"
PROVISIONED_THROUGHPUT: Final = "databricks:index/modelServingProvisionedThroughput:ModelServingProvisionedThroughput"
PERMISSIONS: Final = "databricks:index/permissions:Permissions"
GRANT: Final = "databricks:index/grant:Grant"
SERVICE_PRINCIPAL: Final = "databricks:index/servicePrincipal:ServicePrincipal"
SERVICE_PRINCIPAL_SECRET: Final = "databricks:index/servicePrincipalSecret:ServicePrincipalSecret"  # noqa: S105  a type
SECRET_SCOPE: Final = "databricks:index/secretScope:SecretScope"  # noqa: S105  a type
SECRET_ACL: Final = "databricks:index/secretAcl:SecretAcl"  # noqa: S105  a type
GET_SERVICE_PRINCIPAL: Final = "databricks:index/getServicePrincipal:getServicePrincipal"
"""A function of the provider."""

ENDPOINT_SETTINGS: Final = "pulumi-python:dynamic/model-serving:EndpointSettings"
ENDPOINT_ACCESS: Final = "pulumi-python:dynamic/model-serving:EndpointAccess"
ENDPOINT_STOP: Final = "pulumi-python:dynamic/model-serving:EndpointStop"
"""The dynamic resources of this library for what the provider can't do on an endpoint."""

SECRET_DELIVERY: Final = "pulumi-python:dynamic/model-serving:SecretDelivery"  # noqa: S105  a type
"""The dynamic resource of this library for credentials in a secret scope. Who may not read it sees no difference."""

ROLLOUT_RECORD: Final = "pulumi-python:dynamic/model-serving:RolloutRecord"
ROLLOUT_STEP: Final = "pulumi-python:dynamic/model-serving:RolloutStep"
ROLLOUTS: Final = (ROLLOUT_RECORD, ROLLOUT_STEP)
"""The dynamic resources of this library for the rollouts of an endpoint: in the state only, and in no report."""

ROLLED_BACK: Final = "rolledBack"
"""The output of an endpoint's component after a rollback, until the next run of the stack's whole program."""

IS_PREDECESSOR: Final = "predecessor"
"""The input of an endpoint's component that is true for the predecessor of its key's endpoint."""

COMPONENTS: Final = "model-serving:index:"
"""Prefix of this library's component types."""

SERVING_ENDPOINT_COMPONENT: Final = f"{COMPONENTS}ServingEndpoint"
SERVICE_PRINCIPAL_COMPONENT: Final = f"{COMPONENTS}ServicePrincipal"
SECRET_SCOPE_COMPONENT: Final = f"{COMPONENTS}SecretScope"

PROVIDERS: Final = "pulumi:providers:"
"""Prefix of provider types."""

DATABRICKS_PROVIDER: Final = f"{PROVIDERS}databricks"
STACK: Final = "pulumi:pulumi:Stack"
ENGINE_TYPES: Final = ("pulumi:pulumi:", PROVIDERS)
"""Prefixes of the types that the engine itself keeps: stacks and providers."""
