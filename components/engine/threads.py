"""Waiting in a thread that no registration needs.

The SDK sends registrations from the event loop's own threads, four times `--parallel` of them, and each is taken until
the engine is done with its resource. A hook that waited for one of them would wait for registrations that wait for
hooks: with a few dozen endpoints nothing goes on.
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
    """Its result, from a thread of its own. The program does not wait for that thread when it ends."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    outcome: Future[T] = Future()
    context = contextvars.copy_context()  # holds where messages go

    def run() -> None:
        try:
            outcome.set_result(context.run(function, *args, **kwargs))
        except BaseException as error:  # noqa: BLE001  raised where the result is awaited
            outcome.set_exception(error)
        with suppress(RuntimeError):  # the program ended meanwhile, and its loop with it
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=run, daemon=True).start()
    await over.wait()
    return outcome.result()
