"""Programs that run on Pulumi's mocks, without the engine."""

import asyncio
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


def use_mocks(chosen: mocks.Mocks) -> None:
    """Run the following programs of this thread on these mocks."""
    try:
        asyncio.get_event_loop()
    except RuntimeError:  # another test ran a loop of its own and left the thread without one
        asyncio.set_event_loop(asyncio.new_event_loop())
    mocks.set_mocks(chosen, preview=False)


def mocked(program: Callable[[], None]) -> Callable[[], None]:
    """The program as a function that runs it on the mocks and waits for its resources."""
    runnable: Callable[[], None] = pulumi.runtime.test(program)  # type: ignore[no-untyped-call]  # it has no types
    return runnable
