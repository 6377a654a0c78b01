"""What belongs to one program run: objects that its components share, and the engine's answers to registrations."""

import asyncio
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pulumi

T = TypeVar("T")


class PerRun(Generic[T]):
    """One object for each program run, made when it is first asked for: the hooks that all components share.

    A program runs in one event loop; tests run many in one process, and a hook belongs to the run that registered it.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, T] = weakref.WeakKeyDictionary()

    def get(self) -> T:
        run = asyncio.get_event_loop()
        if run not in self._made:
            self._made[run] = self._make()
        return self._made[run]


class Registration:
    """The engine's answer to a resource's registration, as one of its outputs.

    It tells a replacement from `pulumi destroy`: a resource that is replaced is deleted before its registration is
    answered, and one that is destroyed afterwards, with the id of that answer. Seen with engines 3.220 and 3.260.
    """

    def __init__(self, output: pulumi.Output[Any]) -> None:
        self.answered = asyncio.ensure_future(output.future())
        self.answered.add_done_callback(lambda done: done.cancelled() or done.exception())  # the engine reports it

    @property
    def is_pending(self) -> bool:
        return not self.answered.done()

    @property
    def answer(self) -> Any:
        """The output's value; None while the registration is pending, and where it failed."""
        if self.is_pending or self.answered.cancelled() or self.answered.exception():
            return None
        return self.answered.result()
