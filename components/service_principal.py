"""A service principal with its OAuth secrets and Unity Catalog grants as one component."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from model_serving.components import resources
from model_serving.components.args import ServicePrincipalArgs
from model_serving.components.grants import declare_grants, least_privileges
from model_serving.components.principals.duplicates import principal_hooks, secret_hooks
from model_serving.components.providers import default_settings, explicit_settings
from model_serving.components.secret_delivery.resource import SecretDelivery
from model_serving.databricks.resource_types import SERVICE_PRINCIPAL_COMPONENT
from model_serving.spec.vocabulary.stack import OAuthSecret, ScopeDelivery

_ENTITLEMENTS: Final = {
    "allow-cluster-create": "allowClusterCreate",
    "allow-instance-pool-create": "allowInstancePoolCreate",
    "databricks-sql-access": "databricksSqlAccess",
    "workspace-access": "workspaceAccess",
    "workspace-consume": "workspaceConsume",
}


class ServicePrincipal(pulumi.ComponentResource):
    """A service principal, created or looked up, with its entitlements, OAuth secrets and grants.

    Children: `<name>` (the principal, if it is created), `<name>-secret-<generation>` for the newest generation and the
    one before it, `<name>-delivery` if they are delivered to a secret scope, and `<name>-<kind>-<securable>` for each
    grant.
    """

    application_id: pulumi.Output[str]
    """The client id for signing in, and the principal's name in permissions and grants."""

    client_secret: pulumi.Output[str] | None
    """The newest OAuth secret, as a Pulumi secret; None if the arguments have no `oauth_secret`."""

    secret_id: pulumi.Output[str] | None
    """The id of the newest OAuth secret, which is no secret."""

    def __init__(self, name: str, args: ServicePrincipalArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SERVICE_PRINCIPAL_COMPONENT, name, _forge_places(args.oauth_secret), opts)
        self._options = pulumi.ResourceOptions(parent=self)
        self._settings = explicit_settings(self) or pulumi.Output.from_input(default_settings())
        self._declared_secrets: list[pulumi.Resource] = []
        principal_id = self._create(name, args) if args.application_id is None else self._look_up(args.application_id)
        self.client_secret, self.secret_id = None, None
        if args.oauth_secret:
            secret = self._secrets(name, principal_id, args, args.oauth_secret)
            self.client_secret, self.secret_id = pulumi.Output.secret(secret.output("secret")), secret.id
            if args.oauth_secret.deliver and args.oauth_secret.deliver.secret_scope:
                self._deliver(name, args.oauth_secret.deliver.secret_scope)
        declare_grants(name, self.application_id, least_privileges(args.execute, args.select), self._options)
        self.application_id = _deleted_before_secrets(self.application_id, self._declared_secrets)
        self.register_outputs({"applicationId": self.application_id, "clientSecret": self.client_secret})

    def _create(self, name: str, args: ServicePrincipalArgs) -> pulumi.Output[str]:
        entitlements = {_ENTITLEMENTS[entitlement]: True for entitlement in args.entitlements}
        options = pulumi.ResourceOptions(hooks=principal_hooks(name, self._settings))
        created = resources.ServicePrincipal(
            name,
            {"displayName": args.display_name, **entitlements},
            pulumi.ResourceOptions.merge(self._options, options),
        )
        self.application_id = created.output("applicationId")
        return created.id

    def _look_up(self, application_id: pulumi.Input[str]) -> pulumi.Output[str]:
        existing = resources.existing_service_principal(application_id, self)
        self.application_id = existing["applicationId"]
        return existing["id"]

    def _secrets(
        self, name: str, principal_id: pulumi.Output[str], args: ServicePrincipalArgs, declared: OAuthSecret
    ) -> resources.ServicePrincipalSecret:
        """The newest secret. The previous generation stays valid, so that its users are not locked out."""
        is_exclusive = args.application_id is None
        lifetime = {"lifetime": declared.lifetime} if declared.lifetime else {}
        for generation in range(max(1, declared.generation - 1), declared.generation + 1):
            resource = f"{name}-secret-{generation}"
            hooks = secret_hooks(resource, self._settings, is_exclusive=is_exclusive)
            secret = resources.ServicePrincipalSecret(
                resource,
                {"servicePrincipalId": principal_id, **lifetime},
                pulumi.ResourceOptions.merge(self._options, _secret_options(name, generation, hooks)),
            )
            self._declared_secrets.append(secret)
        return secret

    def _deliver(self, name: str, place: ScopeDelivery) -> None:
        """Write the newest secret into a scope. An older one is deleted only after that: the engine deletes last."""
        inputs = {
            "scope": place.scope,
            "idKeyName": place.client_id or f"{name}-client-id",
            "secretKeyName": place.client_secret or f"{name}-client-secret",
            "applicationId": self.application_id,
            "clientSecret": self.client_secret,
            "secretId": self.secret_id,
            "workspace": explicit_settings(self),
        }
        self._declared_secrets.append(SecretDelivery(f"{name}-delivery", inputs, self._options))


def _forge_places(secret: OAuthSecret | None) -> dict[str, Any] | None:
    """The places on a forge as inputs of the component, so that a preview shows their changes.

    `model-serving ci deliver-secrets` writes there, after `up`.
    """
    places = secret.deliver.forge_places if secret and secret.deliver else {}
    return {"delivery": places} if places else None


def _deleted_before_secrets(name: pulumi.Output[Any], secrets: Sequence[pulumi.Resource]) -> pulumi.Output[Any]:
    """The same value, with dependencies on the secrets and their delivery: permissions that take it are deleted first.

    A `destroy` that is refused at a protected endpoint's permissions then leaves its callers their secrets.
    """

    async def resources_of() -> set[pulumi.Resource]:
        return {*await name.resources(), *secrets}

    return pulumi.Output(resources_of(), name.future(with_unknowns=True), name.is_known(), name.is_secret())


def _secret_options(name: str, generation: int, hooks: pulumi.ResourceHookBinding) -> pulumi.ResourceOptions:
    """Earlier versions named the first secret without a number."""
    aliases = [pulumi.Alias(name=f"{name}-secret")] if generation == 1 else []
    return pulumi.ResourceOptions(aliases=aliases, hooks=hooks)
