"""Every path of the workspace, and nothing else: what a path does is told where its rule lives."""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from workspace import (
    catalog,
    diagnostics,
    faults,
    grants,
    invocations,
    journal,
    oauth,
    overview,
    permissions,
    principal_secrets,
    registry,
    scim,
    secret_scopes,
    seed,
    serving,
    serving_settings,
    tables,
)
from workspace.call import Rule, Settings
from workspace.clock import Clock
from workspace.errors import NoSuchApi, error_body
from workspace.gateway import Gateway
from workspace.handlers import Handlers
from workspace.identity import Kind
from workspace.store import Store

ENDPOINTS: Final = "/api/2.0/serving-endpoints"
UNITY: Final = "/api/2.1/unity-catalog"
SECRETS: Final = "/api/2.0/secrets"
MLFLOW: Final = "/api/2.0/mlflow"
SCIM: Final = "/api/2.0/preview/scim/v2"
LISTS: Final = "/api/2.0/permissions/serving-endpoints/{endpoint_id}"
PRINCIPAL_SECRETS: Final = (
    "/api/2.0/accounts/servicePrincipals/{principal_id}/credentials/secrets",
    "/api/2.0/accounts/{account_id}/servicePrincipals/{principal_id}/credentials/secrets",
)
IDENTITIES: Final[dict[Kind, str]] = {
    "user": f"{SCIM}/Users",
    "service_principal": f"{SCIM}/ServicePrincipals",
    "group": f"{SCIM}/Groups",
}

SERVING: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("POST", ENDPOINTS, serving.create),
    ("GET", ENDPOINTS, serving.list_all),
    ("GET", f"{ENDPOINTS}/get-model-optimization-info/{{model}}/{{version}}", diagnostics.optimization_info),
    ("GET", f"{ENDPOINTS}/{{name}}", serving.get),
    ("DELETE", f"{ENDPOINTS}/{{name}}", serving.delete),
    ("PUT", f"{ENDPOINTS}/{{name}}/config", serving.update_config),
    ("POST", f"{ENDPOINTS}/{{name}}/config:stop", serving.stop),
    ("POST", f"{ENDPOINTS}/{{name}}/config:start", serving.start),
    ("PATCH", f"{ENDPOINTS}/{{name}}/tags", serving_settings.patch_tags),
    ("PUT", f"{ENDPOINTS}/{{name}}/ai-gateway", serving_settings.put_gateway),
    ("PUT", f"{ENDPOINTS}/{{name}}/rate-limits", serving_settings.put_rate_limits),
    ("PATCH", f"{ENDPOINTS}/{{name}}/notifications", serving_settings.patch_notifications),
    ("PATCH", f"{ENDPOINTS}/{{name}}/telemetry-config", serving_settings.patch_telemetry),
    ("GET", f"{ENDPOINTS}/{{name}}/metrics", diagnostics.metrics),
    ("GET", f"{ENDPOINTS}/{{name}}/openapi", diagnostics.interface),
    ("GET", f"{ENDPOINTS}/{{name}}/served-models/{{entity}}/logs", diagnostics.server_logs),
    ("GET", f"{ENDPOINTS}/{{name}}/served-models/{{entity}}/build-logs", diagnostics.build_logs),
    ("POST", "/serving-endpoints/chat/completions", invocations.invoke_by_model),
    ("POST", "/serving-endpoints/completions", invocations.invoke_by_model),
    ("POST", "/serving-endpoints/embeddings", invocations.invoke_by_model),
    ("POST", "/serving-endpoints/{name}/invocations", invocations.invoke),
    ("POST", "/serving-endpoints/{name}/served-models/{entity}/invocations", invocations.invoke),
)
DIRECT: Final = "/dp/{endpoint_id}/{workspace_id}/serving-endpoints/{name}"
ACCESS: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("GET", LISTS, permissions.read),
    ("PUT", LISTS, permissions.replace),
    ("PATCH", LISTS, permissions.merge),
    ("GET", f"{LISTS}/permissionLevels", permissions.levels),
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
CATALOG: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("GET", f"{UNITY}/catalogs", catalog.list_catalogs),
    ("GET", f"{UNITY}/catalogs/{{full_name}}", catalog.get_catalog),
    ("GET", f"{UNITY}/schemas", catalog.list_schemas),
    ("GET", f"{UNITY}/schemas/{{full_name}}", catalog.get_schema),
    ("GET", f"{UNITY}/functions/{{full_name}}", catalog.get_function),
    ("POST", f"{UNITY}/models", catalog.create_model),
    ("GET", f"{UNITY}/models", catalog.list_models),
    ("GET", f"{UNITY}/models/{{full_name}}", catalog.get_model),
    ("PATCH", f"{UNITY}/models/{{full_name}}", catalog.update_model),
    ("DELETE", f"{UNITY}/models/{{full_name}}", catalog.delete_model),
    ("GET", f"{UNITY}/models/{{full_name}}/versions", catalog.list_versions),
    ("GET", f"{UNITY}/models/{{full_name}}/versions/{{version}}", catalog.get_version),
    ("DELETE", f"{UNITY}/models/{{full_name}}/versions/{{version}}", catalog.delete_version),
    ("GET", f"{UNITY}/models/{{full_name}}/aliases/{{alias}}", catalog.get_alias),
    ("PUT", f"{UNITY}/models/{{full_name}}/aliases/{{alias}}", catalog.set_alias),
    ("DELETE", f"{UNITY}/models/{{full_name}}/aliases/{{alias}}", catalog.delete_alias),
    ("GET", f"{UNITY}/permissions/{{securable_type}}/{{full_name}}", grants.read),
    ("PATCH", f"{UNITY}/permissions/{{securable_type}}/{{full_name}}", grants.update),
)
IDENTITY: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("GET", f"{SCIM}/Me", scim.me),
    *(
        route
        for kind, base in IDENTITIES.items()
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
SECRET: Final[tuple[tuple[str, str, Rule], ...]] = (
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
REGISTRY: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("GET", f"{MLFLOW}/registered-models/get", registry.get_model),
    ("GET", f"{MLFLOW}/databricks/registered-models/get", registry.get_model_with_level),
    ("GET", f"{MLFLOW}/model-versions/get", registry.get_version),
)
OWN: Final[tuple[tuple[str, str, Rule], ...]] = (
    ("GET", "/_workspace/journal", journal.read),
    ("DELETE", "/_workspace/journal", journal.clear),
    ("POST", "/_workspace/faults", faults.add),
    ("GET", "/_workspace/faults", faults.list_all),
    ("DELETE", "/_workspace/faults", faults.clear),
    ("GET", "/_workspace/tables", tables.list_all),
    ("GET", "/_workspace/tables/{full_name}", tables.read),
    ("POST", "/_workspace/seed", seed.seed_by_request),
)
BY_SCOPE: Final = {
    "model-serving": SERVING,
    "access-management": ACCESS,
    "unity-catalog": CATALOG,
    "scim": IDENTITY,
    "secrets": SECRET,
    "mlflow": REGISTRY,
    "all-apis": OWN,
}


def create_app(store: Store, clock: Clock, settings: Settings | None = None) -> ASGIApp:
    """The workspace in a founded store, as an ASGI application. Call it from one thread only."""
    handlers = Handlers(store, clock, settings or Settings())
    routes = [
        Route("/", handlers.local(overview.page), methods=["GET"]),
        Route("/_workspace/overview", handlers.local(overview.overview), methods=["GET"]),
        Route("/_workspace/page/{file}", handlers.local(overview.part), methods=["GET"]),
        Route("/.well-known/databricks-config", handlers.public(oauth.host_metadata), methods=["GET"]),
        Route("/oidc/.well-known/oauth-authorization-server", handlers.public(oauth.oidc_metadata), methods=["GET"]),
        Route("/oidc/.well-known/openid-configuration", handlers.public(oauth.oidc_metadata), methods=["GET"]),
        Route("/oidc/v1/token", handlers.token(), methods=["POST"]),
        Route("/oidc/accounts/{account_id}/v1/token", handlers.token(), methods=["POST"]),
        *(
            Route(
                f"{DIRECT}{place}/invocations",
                handlers.guarded(invocations.invoke_directly, "model-serving", takes_narrowed_tokens=True),
                methods=["POST"],
            )
            for place in ("", "/served-models/{entity}")
        ),
    ]
    for scope, table in BY_SCOPE.items():
        routes += [Route(path, handlers.guarded(rule, scope), methods=[method]) for method, path, rule in table]
    app = Starlette(
        routes=routes, exception_handlers={404: _no_such_api, 405: _no_such_api, Exception: _internal_error}
    )
    app.router.redirect_slashes = False
    return Gateway(app, store, clock)


async def _no_such_api(request: Request, _: Exception) -> JSONResponse:
    """The service shows the path without `/api`, and answers the same to an unknown method."""
    path = request.url.path.removeprefix("/api")
    return JSONResponse(NoSuchApi(f"No API found for '{request.method} {path}'").body(), NoSuchApi.status)


async def _internal_error(_: Request, fault: Exception) -> JSONResponse:
    """The traceback goes to the server's log, and the connection is lost; the client still gets an envelope."""
    body = error_body("INTERNAL_ERROR", f"Internal error: {type(fault).__name__}")
    return JSONResponse(body, 500, {"Connection": "close"})
