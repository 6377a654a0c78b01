"""Around every request: body limit, path spelling, faults, the workspace's header, and the journal."""

import json
import socket
import struct
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_serving.workspace.admin import fault_injection, journal
from model_serving.workspace.admin.overview import is_of_the_page
from model_serving.workspace.http.errors import TooLarge
from model_serving.workspace.identity.oauth import workspace_id
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Json, Store

LARGEST_BODY: Final = 16 * 1024 * 1024
NO_ANSWER: Final = 0
"""The status in the journal of a request whose connection was reset."""


class Gateway:
    """The outermost layer. The routes within find the request's body in `scope["state"]["body"]`."""

    def __init__(self, app: ASGIApp, store: Store, clock: Clock) -> None:
        self.app = app
        self.store = store
        self.clock = clock
        self.workspace = workspace_id(store).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # MLflow posts and lists with a trailing slash and would turn a redirected POST into a GET
        scope["path"] = scope["path"].rstrip("/") or "/"
        scope["state"] = {"body": b"", "principal": None}
        answer = _Answer(self.store, self.clock, self.workspace, scope, send)
        try:
            body = await _whole_body(receive)
        except TooLarge as fault:
            await answer.refuse(fault.status, fault.body())
            return
        if body is None:
            return
        scope["state"]["body"] = body
        await self._pass_on(scope, receive, answer)

    async def _pass_on(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        fault = fault_injection.struck(self.store, scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, answer.send)
            return
        if fault.after_handler and fault.status is not None:
            await self.app(scope, receive, _nowhere)
        await self.clock.sleep(fault.delay_seconds)
        if fault.status is None:
            await self.app(scope, receive, answer.send)
            return
        if fault.reset:
            await answer.reset(receive)
        else:
            await answer.refuse(fault.status, fault.payload())


class _Answer:
    """The way back to the client: notes the request in the journal, then answers with the workspace's id."""

    def __init__(self, store: Store, clock: Clock, workspace: bytes, scope: Scope, send: Send) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._scope = scope
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._record(message["status"])
            # without the workspace id in its metadata probe, the provider looks for this header
            message = {**message, "headers": [*message["headers"], (b"x-databricks-org-id", self._workspace)]}
        await self._send(message)

    async def refuse(self, status: int, body: Json | str) -> None:
        payload = (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = b"text/plain; charset=utf-8" if isinstance(body, str) else b"application/json"
        headers = [(b"content-type", kind), (b"content-length", str(len(payload)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": payload})

    async def reset(self, receive: Receive) -> None:
        """Reset the connection (RST, not FIN) instead of answering; ASGI has no message for it, uvicorn a transport."""
        self._record(NO_ANSWER)
        transport = self._send.__self__.transport  # type: ignore[attr-defined]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        while (await receive())["type"] != "http.disconnect":  # uvicorn answers 500 where the application ends first
            pass

    def _record(self, status: int) -> None:
        if is_of_the_page(self._scope["path"]):
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


async def _nowhere(_: Message) -> None:
    """Where an answer goes that a fault rule withholds."""


async def _whole_body(receive: Receive) -> bytes | None:
    """The request's body, or None when the client left half-way: half a request must not be carried out."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY:
            raise TooLarge("Request size exceeds the maximum of 16 MB.")
        if not message.get("more_body"):
            return b"".join(chunks)
