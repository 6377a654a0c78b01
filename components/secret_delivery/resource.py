"""The resource that keeps a service principal's application id and newest secret in a Databricks secret scope.

`databricks.Secret` can't rotate a secret: the provider replaces it for every new value. Pulumi would write the key and
then delete it (https://github.com/pulumi/pulumi-databricks/issues/642), or, with `delete_before_replace`, leave callers
without it in between. The API overwrites the value of a key in one call.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from model_serving.components.secret_delivery.provider import DeliveryProvider


class SecretDelivery(Resource, module="model-serving", name="SecretDelivery"):
    """Two keys of one scope.

    Inputs: `scope`; `idKeyName` and `secretKeyName`, the keys; `applicationId` and `clientSecret`, their values;
    `secretId`, by which a rotation is seen; and `workspace`, the settings of an explicit provider.
    """

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["clientSecret"])
        super().__init__(DeliveryProvider(), name, {**inputs}, pulumi.ResourceOptions.merge(opts, secret))
