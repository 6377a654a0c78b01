"""The server process: a listening socket, uvicorn, and a clean exit on signals."""

import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp


class Server(uvicorn.Server):
    """A server that calls `announce` when it is ready."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free port. Raises OSError if the port is in use."""
    # asyncio disables Nagle's algorithm, which delays a POST by 40 ms, only if the protocol is explicit
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
    """Serves until SIGINT or SIGTERM, and exits with status 0."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than the pauses of a polling client
        timeout_graceful_shutdown=2,
    )
    Server(config, announce).run(sockets=[listener])


def _exit(_: int, __: FrameType | None) -> None:
    # uvicorn raises the signal again after its shutdown
    raise SystemExit(0)
