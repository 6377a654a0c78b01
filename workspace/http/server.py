"""The process around the application: a socket, a server, and a quiet end."""

import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp


class Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any free one. Raises OSError when the port is taken."""
    # asyncio turns Nagle's algorithm off only where the protocol is spelled out; with it, a POST takes 40 ms more
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def run(app: ASGIApp, listener: socket.socket, announce: Callable[[], None]) -> None:
    """Serves until SIGINT or SIGTERM, which end the process with status 0."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than a polling client's pauses
        timeout_graceful_shutdown=2,
    )
    Server(config, announce).run(sockets=[listener])


def _leave(_: int, __: FrameType | None) -> None:
    # uvicorn raises the signal that stopped it once more after it has cleaned up
    raise SystemExit(0)
