"""Adapters from Starlette requests to rules, and from their replies to responses."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from model_serving.workspace.http.auth import authenticate, require_scope, require_whole_workspace
from model_serving.workspace.http.call import Call, Later, Reply, Rule
from model_serving.workspace.http.errors import ApiError, PermissionDenied
from model_serving.workspace.http.json_bodies import json_object
from model_serving.workspace.http.model_threads import in_thread
from model_serving.workspace.http.request_model import check_body, model_of
from model_serving.workspace.identity.oauth import issue_token
from model_serving.workspace.identity.tokens import NO_ACCESS, Access
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Json, Store

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Handlers:
    """The request handlers of one workspace. A rule never waits, so rules do not interleave; models run in threads."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self.store = store
        self.clock = clock
        self.settings = settings

    def public(self, rule: Rule) -> Endpoint:
        """A handler that needs no credential."""

        async def handle(request: Request) -> Response:
            return await self._respond(lambda: rule(self._call(request, NO_ACCESS, {})))

        return handle

    def local(self, rule: Rule) -> Endpoint:
        """A handler for clients on this machine that use a loopback host name. They need no credential."""

        async def handle(request: Request) -> Response:
            def run() -> Json | Reply | Later:
                client = request.client.host if request.client else ""
                if not (_is_loopback(client) and _is_loopback(request.url.hostname or "")):
                    raise PermissionDenied("This page is available only on the machine of the workspace.")
                return rule(self._call(request, NO_ACCESS, {}))

            return await self._respond(run)

        return handle

    def guarded(self, rule: Rule, scope: str, *, accepts_narrowed_tokens: bool = False) -> Endpoint:
        """A handler for credentials with that OAuth scope; the rule's writes are one transaction."""

        async def handle(request: Request) -> Response:
            def run() -> Json | Reply | Later:
                access = authenticate(self.store, self.clock, request.headers.get("authorization"))
                request.state.principal = access.principal.name
                require_scope(access, scope)
                if not accepts_narrowed_tokens:
                    require_whole_workspace(access)
                # a read runs without interruption and needs no transaction
                with nullcontext() if request.method == "GET" else self.store.atomic():
                    return rule(self._call(request, access, _body(request, rule)))

            return await self._respond(run)

        return handle

    def token(self) -> Endpoint:
        """The handler of the token endpoint, which takes a form, and no bearer token."""

        async def handle(request: Request) -> Response:
            form = dict(parse_qsl(request.state.body.decode("utf-8", "replace")))
            call = self._call(request, NO_ACCESS, {})
            return await self._respond(lambda: issue_token(call, form, request.headers.get("authorization")))

        return handle

    async def _respond(self, run: Callable[[], Json | Reply | Later]) -> Response:
        try:
            result = run()
            if isinstance(result, Later):
                computed = await in_thread(result.compute)
                with self.store.atomic():
                    result = result.finish(computed)
        except ApiError as error:
            return JSONResponse(error.body(), error.status, error.headers())
        reply = result if isinstance(result, Reply) else Reply(result)
        if reply.delay:
            await self.clock.sleep(reply.delay)
        return _response(reply.body, reply.status, reply.headers)

    def _call(self, request: Request, access: Access, body: Json) -> Call:
        return Call(
            store=self.store,
            clock=self.clock,
            settings=self.settings,
            access=access,
            origin=f"{request.url.scheme}://{request.url.netloc}",
            path=request.path_params,
            query=dict(request.query_params),
            body=body,
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _response(body: Json | str | None, status: int, headers: Mapping[str, str]) -> Response:
    if body is None:
        return Response(status_code=status, headers=headers)
    if isinstance(body, str):
        return PlainTextResponse(body, status, headers)
    return JSONResponse(body, status, headers)


def _body(request: Request, rule: Rule) -> Json:
    """The request's JSON object, of the types that the rule's model declares; an absent body is an empty object."""
    body = request.state.body
    value = json_object(body) if body.strip() else {}
    if model := model_of(rule):
        check_body(model, value)
    return value
