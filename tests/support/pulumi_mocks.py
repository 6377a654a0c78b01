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
