"""Blocking calls of hooks do not wait for the event loop's own threads, which registrations use."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_serving.components.engine.threads import in_thread
from tests.support.running_workspace import PROJECT


def test_busy_loop_threads_do_not_block() -> None:
    released = threading.Event()

    async def run() -> int:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        registration = loop.run_in_executor(None, released.wait, 20)
        result = await asyncio.wait_for(in_thread(max, 1, 2), timeout=10)
        released.set()
        await registration
        return result

    assert asyncio.run(run()) == 2


def test_an_error_is_raised_at_the_await() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(in_thread(int, "x"))


def test_the_thread_has_the_caller_context() -> None:
    engine = contextvars.ContextVar("engine", default="none")

    async def run() -> str:
        engine.set("of this run")
        return await in_thread(engine.get)

    assert asyncio.run(run()) == "of this run"


def test_no_component_uses_the_loop_threads() -> None:
    files = sorted((PROJECT / "components").rglob("*.py"))
    assert files
    forbidden = ("asyncio.to_thread", "run_in_executor")
    assert [file.name for file in files if any(each in file.read_text(encoding="utf-8") for each in forbidden)] == []
