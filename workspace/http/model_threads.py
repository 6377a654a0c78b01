"""Threads for models: one that sleeps or computes for long delays neither other requests nor the end of the server."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any


async def in_thread(compute: Callable[[], Any]) -> Any:
    """What `compute` returns, computed in a thread of its own, which ends with the process at the latest."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def finish(value: Any, error: BaseException | None) -> None:
        if future.cancelled():  # the client has disconnected
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def run() -> None:
        value, error = None, None
        try:
            value = compute()
        except BaseException as raised:  # noqa: BLE001 - it is raised where it is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the server has ended
            loop.call_soon_threadsafe(finish, value, error)

    threading.Thread(target=run, name="model", daemon=True).start()
    return await future
