"""Objects that belong to one program run: shared by its components, or the engine's answers to registrations."""

import asyncio
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pulumi

T = TypeVar("T")


class PerRun(Generic[T]):
    """One object for each program run, created on first use: hooks, for example, that all components share.

    A program runs in one event loop. Tests run many in one process, and a hook belongs to the run that registered it.
    """

    def __init__(self, create: Callable[[], T]) -> None:
        self._create = create
        self._objects: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, T] = weakref.WeakKeyDictionary()

    def get(self) -> T:
        """The object of the current run."""
        run = asyncio.get_event_loop()
        if run not in self._objects:
            self._objects[run] = self._create()
        return self._objects[run]


class Registration:
    """The engine's answer to a resource's registration, as one of its outputs.

    It distinguishes a replacement from `pulumi destroy`: the engine deletes a replaced resource before it answers the
    registration, and a destroyed one afterwards, with the id of that answer. Seen with engines 3.220 and 3.260.
    """

    def __init__(self, output: pulumi.Output[Any]) -> None:
        self.answered = asyncio.ensure_future(output.future())
        self.answered.add_done_callback(lambda done: done.cancelled() or done.exception())  # the engine reports it

    @property
    def is_pending(self) -> bool:
        """Whether the engine has not answered yet."""
        return not self.answered.done()

    @property
    def answer(self) -> Any:
        """The output's value; None while the registration is pending, or if it failed."""
        if self.is_pending or self.answered.cancelled() or self.answered.exception():
            return None
        return self.answered.result()
