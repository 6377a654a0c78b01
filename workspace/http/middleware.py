"""Middleware for every request: size limit, trailing slashes, fault injection, the workspace id header, the journal."""

import json
import socket
import struct
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_serving.workspace.admin import fault_injection, journal
from model_serving.workspace.admin.overview import is_page_request
from model_serving.workspace.http.errors import TooLarge
from model_serving.workspace.identity.oauth import workspace_id
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Json, Store

MAX_BODY_SIZE: Final = 16 * 1024 * 1024
NO_RESPONSE: Final = 0
"""The status in the journal of a request whose connection was reset."""


class Middleware:
    """The outermost layer. It passes the request's body to the routes in `scope["state"]["body"]`."""

    def __init__(self, app: ASGIApp, store: Store, clock: Clock) -> None:
        self.app = app
        self.store = store
        self.clock = clock
        self.workspace = workspace_id(store).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # MLflow uses trailing slashes, and would turn a redirected POST into a GET
        scope["path"] = scope["path"].rstrip("/") or "/"
        scope["state"] = {"body": b"", "principal": None}
        response = _Response(self.store, self.clock, self.workspace, scope, send)
        try:
            body = await _whole_body(receive)
        except TooLarge as fault:
            await response.reject(fault.status, fault.body())
            return
        if body is None:
            return
        scope["state"]["body"] = body
        await self._pass_on(scope, receive, response)

    async def _pass_on(self, scope: Scope, receive: Receive, response: "_Response") -> None:
        fault = fault_injection.match_fault(self.store, scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, response.send)
            return
        if fault.after_handler and fault.status is not None:
            await self.app(scope, receive, _discard)
        await self.clock.sleep(fault.delay_seconds)
        if fault.status is None:
            await self.app(scope, receive, response.send)
            return
        if fault.reset:
            await response.reset(receive)
        else:
            await response.reject(fault.status, fault.payload(), fault.retry_after)


class _Response:
    """The response of a request: recorded in the journal, then sent with the workspace id."""

    def __init__(self, store: Store, clock: Clock, workspace: bytes, scope: Scope, send: Send) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._scope = scope
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._record(message["status"])
            # the provider reads this header if the host metadata has no workspace id
            message = {**message, "headers": [*message["headers"], (b"x-databricks-org-id", self._workspace)]}
        await self._send(message)

    async def reject(self, status: int, body: Json | str, retry_after: int | None = None) -> None:
        payload = (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = b"text/plain; charset=utf-8" if isinstance(body, str) else b"application/json"
        headers = [(b"content-type", kind), (b"content-length", str(len(payload)).encode())]
        headers += [] if retry_after is None else [(b"retry-after", str(retry_after).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": payload})

    async def reset(self, receive: Receive) -> None:
        """Resets the connection (RST, not FIN). ASGI has no message for that, so it uses uvicorn's transport."""
        self._record(NO_RESPONSE)
        transport = self._send.__self__.transport  # type: ignore[attr-defined]
        with suppress(OSError):  # the client has gone meanwhile
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        # uvicorn would send a 500 if the application returned first
        while (await receive())["type"] != "http.disconnect":
            pass

    def _record(self, status: int) -> None:
        if is_page_request(self._scope["path"]):
            return
        journal.record(
            self._store,
            time=self._clock.now(),
            method=self._scope["method"],
            path=self._scope["path"],
            query=self._scope["query_string"].decode("latin-1"),
            body=self._scope["state"]["body"],
            status=status,
            principal=self._scope["state"]["principal"],
        )


async def _discard(_: Message) -> None:
    """Drops the response of a request whose fault rule is applied after the handler."""


async def _whole_body(receive: Receive) -> bytes | None:
    """The request's body, or None if the client disconnects before its end."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_SIZE:
            raise TooLarge("Request size exceeds the maximum of 16 MB.")
        if not message.get("more_body"):
            return b"".join(chunks)
