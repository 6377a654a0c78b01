"""Programs that run on Pulumi's mocks, without the engine."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.runtime import mocks

KNOWN = {"servingEndpointId": "e1", "endpointUrl": "", "applicationId": "app1", "secret": "s"}
"""Outputs that the mocked provider gives every resource."""


class Mocks(mocks.Mocks):
    """Registers any resource, and refuses calls of functions."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **KNOWN}

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(args.token)


class Recorded(Mocks):
    """Keeps what is registered: the inputs by the last part of the type and the name, and the types."""

    def __init__(self) -> None:
        self.registered: dict[tuple[str, str], dict[str, Any]] = {}
        self.types: set[str] = set()

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = {name: value for name, value in args.inputs.items() if name != "__provider"}
        self.registered[args.typ.rpartition(":")[2], args.name] = inputs
        self.types.add(args.typ)
        return super().new_resource(args)

    @property
    def by_name(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """The last part of the type and the inputs, by name; of two with one name the later one."""
        return {name: (kind, inputs) for (kind, name), inputs in self.registered.items()}


@functools.cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """One loop for all tests of this process: a loop that is replaced without being closed fails a later test."""
    return asyncio.new_event_loop()


def use_mocks(chosen: mocks.Mocks) -> None:
    """Run the following programs of this thread on these mocks."""
    # Pulumi's mocks use the current event loop. From Python 3.12 on, and after `asyncio.run`, there is none.
    asyncio.set_event_loop(_event_loop())
    mocks.set_mocks(chosen, preview=False)


def mocked(program: Callable[[], None]) -> Callable[[], None]:
    """The program as a function that runs it on the mocks and waits for its resources."""
    runnable: Callable[[], None] = pulumi.runtime.test(program)  # type: ignore[no-untyped-call]  # it has no types
    return runnable
