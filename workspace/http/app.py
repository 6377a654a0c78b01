"""The workspace as an ASGI application: its routes with their authentication, and responses to unknown routes."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from model_serving.workspace.http.errors import NoSuchApi, error_body
from model_serving.workspace.http.handlers import Handlers
from model_serving.workspace.http.middleware import Middleware
from model_serving.workspace.http.routes import BY_SCOPE, DIRECT, LOCAL, OPENAPI, PUBLIC, TOKENS, openapi
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Store


def create_app(store: Store, clock: Clock, settings: Settings | None = None) -> ASGIApp:
    """The application of a bootstrapped workspace. Call it from one thread only."""
    handlers = Handlers(store, clock, settings or Settings())
    public = (*PUBLIC, ("GET", OPENAPI, openapi))
    routes = [Route(path, handlers.public(rule), methods=[method]) for method, path, rule in public]
    routes += [Route(path, handlers.token(), methods=["POST"]) for path in TOKENS]
    routes += [Route(path, handlers.local(rule), methods=[method]) for method, path, rule in LOCAL]
    for method, path, rule in DIRECT:
        handler = handlers.guarded(rule, "model-serving", accepts_narrowed_tokens=True)
        routes.append(Route(path, handler, methods=[method]))
    for scope, table in BY_SCOPE.items():
        routes += [Route(path, handlers.guarded(rule, scope), methods=[method]) for method, path, rule in table]
    app = Starlette(
        routes=routes, exception_handlers={404: _no_such_api, 405: _no_such_api, Exception: _internal_error}
    )
    app.router.redirect_slashes = False
    return Middleware(app, store, clock)


async def _no_such_api(request: Request, _: Exception) -> JSONResponse:
    """The response to an unknown path or method; the service shows the path without `/api`."""
    path = request.url.path.removeprefix("/api")
    return JSONResponse(NoSuchApi(f"No API found for '{request.method} {path}'").body(), NoSuchApi.status)


async def _internal_error(_: Request, error: Exception) -> JSONResponse:
    """The response to an exception, whose traceback is in the server's log. The connection is closed."""
    body = error_body("INTERNAL_ERROR", f"Internal error: {type(error).__name__}")
    return JSONResponse(body, 500, {"Connection": "close"})
