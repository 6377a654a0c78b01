"""Blocking calls in threads that no registration needs.

The SDK sends registrations from the event loop's own threads, four times `--parallel` of them, and each is busy until
the engine has finished its resource. A hook that waits for one of these threads waits for registrations that wait for
hooks: a few dozen endpoints are enough for a deadlock.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of the function, called in a new thread. The program does not wait for that thread when it ends."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    outcome: Future[T] = Future()
    context = contextvars.copy_context()  # it says where log messages go

    def run() -> None:
        try:
            outcome.set_result(context.run(function, *args, **kwargs))
        except BaseException as error:  # noqa: BLE001  raised where the result is awaited
            outcome.set_exception(error)
        with suppress(RuntimeError):  # the program and its loop have ended
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, daemon=True).start()
    await done.wait()
    return outcome.result()
