"""A service principal that calls endpoints, with the OAuth secret it signs in with."""

from dataclasses import dataclass
from typing import ClassVar

import pulumi

from components import resources
from stacks.spec import ServicePrincipal as Spec


@dataclass(frozen=True)
class ServicePrincipalArgs:
    """What the principal is to be, in the vocabulary of a stack file, and its name in the workspace."""

    spec: Spec
    display_name: str


class ServicePrincipal(pulumi.ComponentResource):
    """A service principal, its entitlements and, where one is asked for, its OAuth secret.

    Children: `<name>` (the principal) and `<name>-secret`.
    """

    application_id: pulumi.Output[str]
    """The client id that the principal signs in with, and its name in permissions and grants."""

    client_secret: pulumi.Output[str] | None
    """The OAuth secret, as a Pulumi secret; None where none was asked for."""

    _ENTITLEMENTS: ClassVar[dict[str, str]] = {
        "allow-cluster-create": "allowClusterCreate",
        "allow-instance-pool-create": "allowInstancePoolCreate",
        "databricks-sql-access": "databricksSqlAccess",
        "workspace-access": "workspaceAccess",
        "workspace-consume": "workspaceConsume",
    }

    def __init__(self, name: str, args: ServicePrincipalArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-serving:index:ServicePrincipal", name, None, opts)
        entitlements = {self._ENTITLEMENTS[entitlement]: True for entitlement in args.spec.entitlements}
        principal = resources.ServicePrincipal(
            name, {"displayName": args.display_name, **entitlements}, pulumi.ResourceOptions(parent=self)
        )
        self.application_id = principal.output("applicationId")
        self.client_secret = None
        if args.spec.oauth_secret is not None:
            lifetime = args.spec.oauth_secret.lifetime
            secret = resources.ServicePrincipalSecret(
                f"{name}-secret",
                {"servicePrincipalId": principal.id, **({"lifetime": lifetime} if lifetime else {})},
                pulumi.ResourceOptions(parent=self),
            )
            self.client_secret = pulumi.Output.secret(secret.output("secret"))
        self.register_outputs({"applicationId": self.application_id, "clientSecret": self.client_secret})
