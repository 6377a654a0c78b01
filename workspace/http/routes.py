"""The route tables of the workspace: method, path and rule."""

from collections.abc import Callable
from typing import Final, TypeAlias

from model_serving.workspace.admin import fault_injection, journal, overview, seed
from model_serving.workspace.catalog import grants, namespaces, registered_models, workspace_registry
from model_serving.workspace.dataplane import inference_tables, invocations
from model_serving.workspace.http.call import Call, Rule
from model_serving.workspace.http.openapi import document
from model_serving.workspace.identity import (
    endpoint_permissions,
    federation,
    oauth,
    principal_secrets,
    scim,
    secret_scopes,
)
from model_serving.workspace.identity.principals import Kind
from model_serving.workspace.serving import (
    diagnostics,
    endpoint_settings,
    endpoints,
    entity_failures,
    provisioned_throughput,
    stopping,
)
from model_serving.workspace.sql import statements, warehouses
from model_serving.workspace.store.database import Json

Routes: TypeAlias = tuple[tuple[str, str, Rule], ...]

OPENAPI: Final = "/_workspace/openapi.json"
ENDPOINTS: Final = "/api/2.0/serving-endpoints"
UNITY: Final = "/api/2.1/unity-catalog"
SECRETS: Final = "/api/2.0/secrets"
MLFLOW: Final = "/api/2.0/mlflow"
SCIM: Final = "/api/2.0/preview/scim/v2"
KINDS: Final[dict[Kind, str]] = {"user": "Users", "service_principal": "ServicePrincipals", "group": "Groups"}
PERMISSIONS: Final = "/api/2.0/permissions/serving-endpoints/{endpoint_id}"
PRINCIPAL_SECRETS: Final = (
    "/api/2.0/accounts/servicePrincipals/{principal_id}/credentials/secrets",
    "/api/2.0/accounts/{account_id}/servicePrincipals/{principal_id}/credentials/secrets",
)
FEDERATION: Final = "/api/2.0/accounts/{account_id}/servicePrincipals/{principal_id}/federationPolicies"
IDENTITIES: Final[tuple[tuple[Kind, str], ...]] = tuple(
    (kind, f"{base}/{name}")
    for base in (SCIM, "/api/2.0/accounts/{account_id}/scim/v2")
    for kind, name in KINDS.items()
)

SERVING: Final[Routes] = (
    ("POST", ENDPOINTS, endpoints.create),
    ("GET", ENDPOINTS, endpoints.list_all),
    ("POST", f"{ENDPOINTS}/pt", provisioned_throughput.create),
    ("PUT", f"{ENDPOINTS}/pt/{{name}}/config", provisioned_throughput.update_config),
    ("GET", f"{ENDPOINTS}/get-model-optimization-info/{{model}}/{{version}}", diagnostics.optimization_info),
    ("GET", f"{ENDPOINTS}/{{name}}", endpoints.get),
    ("DELETE", f"{ENDPOINTS}/{{name}}", endpoints.delete),
    ("PUT", f"{ENDPOINTS}/{{name}}/config", endpoints.update_config),
    ("POST", f"{ENDPOINTS}/{{name}}/config:stop", stopping.stop),
    ("POST", f"{ENDPOINTS}/{{name}}/config:start", stopping.start),
    ("PATCH", f"{ENDPOINTS}/{{name}}/tags", endpoint_settings.patch_tags),
    ("PUT", f"{ENDPOINTS}/{{name}}/ai-gateway", endpoint_settings.put_gateway),
    ("PUT", f"{ENDPOINTS}/{{name}}/rate-limits", endpoint_settings.put_rate_limits),
    ("PATCH", f"{ENDPOINTS}/{{name}}/notifications", endpoint_settings.patch_notifications),
    ("PATCH", f"{ENDPOINTS}/{{name}}/telemetry-config", endpoint_settings.patch_telemetry),
    ("GET", f"{ENDPOINTS}/{{name}}/metrics", diagnostics.metrics),
    ("GET", f"{ENDPOINTS}/{{name}}/openapi", diagnostics.openapi),
    ("GET", f"{ENDPOINTS}/{{name}}/served-models/{{entity}}/logs", diagnostics.server_logs),
    ("GET", f"{ENDPOINTS}/{{name}}/served-models/{{entity}}/build-logs", diagnostics.build_logs),
    ("POST", "/serving-endpoints/chat/completions", invocations.invoke_by_model),
    ("POST", "/serving-endpoints/completions", invocations.invoke_by_model),
    ("POST", "/serving-endpoints/embeddings", invocations.invoke_by_model),
    ("POST", "/serving-endpoints/{name}/invocations", invocations.invoke),
    ("POST", "/serving-endpoints/{name}/served-models/{entity}/invocations", invocations.invoke),
)
DIRECT_PATH: Final = "/dp/{endpoint_id}/{workspace_id}/serving-endpoints/{name}"
ACCESS: Final[Routes] = (
    ("GET", PERMISSIONS, endpoint_permissions.read),
    ("PUT", PERMISSIONS, endpoint_permissions.replace),
    ("PATCH", PERMISSIONS, endpoint_permissions.merge),
    ("GET", f"{PERMISSIONS}/permissionLevels", endpoint_permissions.levels),
    ("POST", FEDERATION, federation.create),
    *(
        route
        for base in PRINCIPAL_SECRETS
        for route in (
            ("POST", base, principal_secrets.create),
            ("GET", base, principal_secrets.list_all),
            ("DELETE", f"{base}/{{secret_id}}", principal_secrets.delete),
        )
    ),
)
CATALOG: Final[Routes] = (
    ("GET", f"{UNITY}/catalogs", namespaces.list_catalogs),
    ("GET", f"{UNITY}/catalogs/{{full_name}}", namespaces.get_catalog),
    ("GET", f"{UNITY}/schemas", namespaces.list_schemas),
    ("GET", f"{UNITY}/schemas/{{full_name}}", namespaces.get_schema),
    ("GET", f"{UNITY}/functions/{{full_name}}", namespaces.get_function),
    ("POST", f"{UNITY}/models", registered_models.create_model),
    ("GET", f"{UNITY}/models", registered_models.list_models),
    ("GET", f"{UNITY}/models/{{full_name}}", registered_models.get_model),
    ("PATCH", f"{UNITY}/models/{{full_name}}", registered_models.update_model),
    ("DELETE", f"{UNITY}/models/{{full_name}}", registered_models.delete_model),
    ("GET", f"{UNITY}/models/{{full_name}}/versions", registered_models.list_versions),
    ("GET", f"{UNITY}/models/{{full_name}}/versions/{{version}}", registered_models.get_version),
    ("DELETE", f"{UNITY}/models/{{full_name}}/versions/{{version}}", registered_models.delete_version),
    ("GET", f"{UNITY}/models/{{full_name}}/aliases/{{alias}}", registered_models.get_alias),
    ("PUT", f"{UNITY}/models/{{full_name}}/aliases/{{alias}}", registered_models.set_alias),
    ("DELETE", f"{UNITY}/models/{{full_name}}/aliases/{{alias}}", registered_models.delete_alias),
    ("GET", f"{UNITY}/permissions/{{securable_type}}/{{full_name}}", grants.read),
    ("PATCH", f"{UNITY}/permissions/{{securable_type}}/{{full_name}}", grants.update),
    ("GET", f"{UNITY}/effective-permissions/{{securable_type}}/{{full_name}}", grants.read_effective),
)
IDENTITY: Final[Routes] = (
    ("GET", f"{SCIM}/Me", scim.me),
    *(
        route
        for kind, base in IDENTITIES
        for route in (
            ("POST", base, scim.create_of(kind)),
            ("GET", base, scim.list_of(kind)),
            ("GET", f"{base}/{{identity_id}}", scim.get_of(kind)),
            ("PUT", f"{base}/{{identity_id}}", scim.replace_of(kind)),
            ("PATCH", f"{base}/{{identity_id}}", scim.patch_of(kind)),
            ("DELETE", f"{base}/{{identity_id}}", scim.delete_of(kind)),
        )
    ),
)
SECRET_SCOPES: Final[Routes] = (
    ("POST", f"{SECRETS}/scopes/create", secret_scopes.create_scope),
    ("POST", f"{SECRETS}/scopes/delete", secret_scopes.delete_scope),
    ("GET", f"{SECRETS}/scopes/list", secret_scopes.list_scopes),
    ("POST", f"{SECRETS}/put", secret_scopes.put_secret),
    ("POST", f"{SECRETS}/delete", secret_scopes.delete_secret),
    ("GET", f"{SECRETS}/list", secret_scopes.list_secrets),
    ("GET", f"{SECRETS}/get", secret_scopes.get_secret),
    ("POST", f"{SECRETS}/acls/put", secret_scopes.put_acl),
    ("POST", f"{SECRETS}/acls/delete", secret_scopes.delete_acl),
    ("GET", f"{SECRETS}/acls/get", secret_scopes.get_acl),
    ("GET", f"{SECRETS}/acls/list", secret_scopes.list_acls),
)
SQL: Final = "/api/2.0/sql"
STATEMENT: Final = f"{SQL}/statements/{{statement_id}}"
WAREHOUSES: Final[Routes] = (
    ("GET", f"{SQL}/warehouses", warehouses.list_all),
    ("GET", f"{SQL}/warehouses/{{warehouse_id}}", warehouses.get),
    ("POST", f"{SQL}/statements", statements.submit),
    ("GET", STATEMENT, statements.get),
    ("GET", f"{STATEMENT}/result/chunks/{{chunk_index}}", statements.get_chunk),
    ("POST", f"{STATEMENT}/cancel", statements.cancel),
)
REGISTRY: Final[Routes] = (
    ("GET", f"{MLFLOW}/registered-models/get", workspace_registry.get_model),
    ("GET", f"{MLFLOW}/databricks/registered-models/get", workspace_registry.get_model_with_level),
    ("GET", f"{MLFLOW}/model-versions/get", workspace_registry.get_version),
)
OWN: Final[Routes] = (
    ("GET", "/_workspace/journal", journal.read),
    ("DELETE", "/_workspace/journal", journal.clear),
    ("POST", "/_workspace/faults", fault_injection.add),
    ("GET", "/_workspace/faults", fault_injection.list_all),
    ("DELETE", "/_workspace/faults", fault_injection.clear),
    ("POST", "/_workspace/endpoints/{name}/cancel-update", endpoints.cancel_update),
    ("POST", "/_workspace/endpoints/{name}/failures", entity_failures.fail),
    ("POST", "/_workspace/models/{name}/answers", seed.set_answers_by_request),
    ("GET", "/_workspace/tables", inference_tables.list_all),
    ("GET", "/_workspace/tables/{full_name}", inference_tables.read),
    ("POST", "/_workspace/seed", seed.seed_by_request),
)
BY_SCOPE: Final = {
    "model-serving": SERVING,
    "access-management": ACCESS,
    "unity-catalog": CATALOG,
    "scim": IDENTITY,
    "secrets": SECRET_SCOPES,
    "mlflow": REGISTRY,
    "sql": WAREHOUSES,
    "all-apis": OWN,
}


PUBLIC: Final[Routes] = (
    ("GET", "/.well-known/databricks-config", oauth.host_metadata),
    ("GET", "/oidc/.well-known/oauth-authorization-server", oauth.oidc_metadata),
    ("GET", "/oidc/.well-known/openid-configuration", oauth.oidc_metadata),
)
TOKENS: Final = ("/oidc/v1/token", "/oidc/accounts/{account_id}/v1/token")
LOCAL: Final[Routes] = (
    ("GET", "/", overview.page),
    ("GET", "/_workspace/overview", overview.overview),
    ("GET", "/_workspace/page/{file}", overview.page_file),
)
DIRECT: Final[Routes] = tuple(
    ("POST", f"{DIRECT_PATH}{suffix}/invocations", invocations.invoke_directly)
    for suffix in ("", "/served-models/{entity}")
)


def openapi(_: Call) -> Json:
    """Returns an OpenAPI document of the routes that require a bearer token."""
    return document(route for table in (*BY_SCOPE.values(), DIRECT) for route in table)


def every_route() -> list[tuple[str, str, Callable[..., object]]]:
    """All routes: method, path and the function that responds."""
    tables = (PUBLIC, *BY_SCOPE.values(), DIRECT, LOCAL)
    routes: list[tuple[str, str, Callable[..., object]]] = [route for table in tables for route in table]
    routes += [("POST", path, oauth.issue_token) for path in TOKENS]
    return [*routes, ("GET", OPENAPI, openapi)]
