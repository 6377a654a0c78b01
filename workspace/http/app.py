"""The workspace as an ASGI application: each route guarded as its table says, and what no route answers."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from model_serving.workspace.http.errors import NoSuchApi, error_body
from model_serving.workspace.http.handlers import Handlers
from model_serving.workspace.http.middleware import Gateway
from model_serving.workspace.http.routes import BY_SCOPE, LOCAL, NARROWED, OPENAPI, PUBLIC, TOKENS, interface
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Store


def create_app(store: Store, clock: Clock, settings: Settings | None = None) -> ASGIApp:
    """The workspace in a founded store, as an ASGI application. Call it from one thread only."""
    handlers = Handlers(store, clock, settings or Settings())
    public = (*PUBLIC, ("GET", OPENAPI, interface))
    routes = [Route(path, handlers.public(rule), methods=[method]) for method, path, rule in public]
    routes += [Route(path, handlers.token(), methods=["POST"]) for path in TOKENS]
    routes += [Route(path, handlers.local(rule), methods=[method]) for method, path, rule in LOCAL]
    for method, path, rule in NARROWED:
        handler = handlers.guarded(rule, "model-serving", takes_narrowed_tokens=True)
        routes.append(Route(path, handler, methods=[method]))
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
