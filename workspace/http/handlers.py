"""From a web request to a rule and back: the only place that knows both Starlette and `Call`."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from model_serving.workspace.http.auth import authenticate, require_scope, require_whole_workspace
from model_serving.workspace.http.call import Call, Reply, Rule
from model_serving.workspace.http.errors import ApiError, PermissionDenied
from model_serving.workspace.http.json_bodies import json_object
from model_serving.workspace.http.request_model import check_body, model_of
from model_serving.workspace.identity.oauth import issue_token
from model_serving.workspace.identity.tokens import NOBODY, Access
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Json, Store

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Handlers:
    """Makes the web handlers of one workspace. Each runs to its end without waiting, so rules never interleave."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self.store = store
        self.clock = clock
        self.settings = settings

    def public(self, rule: Rule) -> Endpoint:
        """A rule that needs no credential."""

        async def handle(request: Request) -> Response:
            return await self._answered(lambda: rule(self._call(request, NOBODY, {})))

        return handle

    def local(self, rule: Rule) -> Endpoint:
        """A rule that needs no credential, but a client on this machine that means this machine."""

        async def handle(request: Request) -> Response:
            def run() -> Json | Reply:
                client = request.client.host if request.client else ""
                if not (_is_loopback(client) and _is_loopback(request.url.hostname or "")):
                    raise PermissionDenied("This page is only shown on the machine that the workspace runs on.")
                return rule(self._call(request, NOBODY, {}))

            return await self._answered(run)

        return handle

    def guarded(self, rule: Rule, scope: str, *, takes_narrowed_tokens: bool = False) -> Endpoint:
        """A rule for principals whose credential has that OAuth scope; all of its writes happen, or none."""

        async def handle(request: Request) -> Response:
            def run() -> Json | Reply:
                access = authenticate(self.store, self.clock, request.headers.get("authorization"))
                request.state.principal = access.principal.name
                require_scope(access, scope)
                if not takes_narrowed_tokens:
                    require_whole_workspace(access)
                # a read is one thread's work from start to end, it needs no transaction
                with nullcontext() if request.method == "GET" else self.store.atomic():
                    return rule(self._call(request, access, _body(request, rule)))

            return await self._answered(run)

        return handle

    def token(self) -> Endpoint:
        """The token endpoint reads a form, and its credential is no bearer token."""

        async def handle(request: Request) -> Response:
            form = dict(parse_qsl(request.state.body.decode("utf-8", "replace")))
            call = self._call(request, NOBODY, {})
            return await self._answered(lambda: issue_token(call, form, request.headers.get("authorization")))

        return handle

    async def _answered(self, run: Callable[[], Json | Reply]) -> Response:
        try:
            result = run()
        except ApiError as fault:
            return JSONResponse(fault.body(), fault.status, fault.headers())
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
