"""Request models of permissions, identities and secrets. Source: REST reference; databricks-sdk-py."""

from typing import Any

from model_serving.workspace.http.request_model import Flag, Objects, RequestModel, Text


class AccessControl(RequestModel):
    user_name: Text = None
    group_name: Text = None
    service_principal_name: Text = None
    permission_level: Text = None


class AccessControlList(RequestModel):
    access_control_list: Objects[AccessControl] = None


class CreatePrincipalSecret(RequestModel):
    lifetime: Text = None


class OidcPolicy(RequestModel):
    issuer: Text = None
    subject: Text = None
    audiences: Any = None
    jwks_json: Text = None


class CreateFederationPolicy(RequestModel):
    oidc_policy: OidcPolicy | None = None
    description: Text = None


class ScimValue(RequestModel):
    """An item of a SCIM list: a member, an entitlement, a role or an email address."""

    value: Text = None


class Identity(RequestModel):
    """A user, a service principal or a group."""

    displayName: Text = None  # noqa: N815 - SCIM's own names
    userName: Text = None  # noqa: N815
    applicationId: Text = None  # noqa: N815
    externalId: Text = None  # noqa: N815
    active: Flag = None
    entitlements: Objects[ScimValue] = None
    members: Objects[ScimValue] = None
    roles: Objects[ScimValue] = None
    emails: Objects[ScimValue] = None


class PatchOperation(RequestModel):
    op: Any = None
    path: Text = None
    value: Any = None


class PatchIdentity(RequestModel):
    Operations: Objects[PatchOperation] = None


class SecretScope(RequestModel):
    scope: Text = None


class CreateSecretScope(SecretScope):
    initial_manage_principal: Text = None


class DeleteSecret(SecretScope):
    key: Text = None


class PutSecret(DeleteSecret):
    string_value: Text = None
    bytes_value: Text = None


class DeleteSecretAcl(SecretScope):
    principal: Text = None


class PutSecretAcl(DeleteSecretAcl):
    permission: Text = None
