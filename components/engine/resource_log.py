"""Messages of the program about a resource that it doesn't register, such as one that the engine deletes.

The SDK's own `pulumi.log` takes a registered resource only.
"""

from typing import Final, Literal

import pulumi
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import get_engine

Severity = Literal["info", "warn"]

_SEVERITIES: Final = {"info": engine_pb2.INFO, "warn": engine_pb2.WARNING}


def log_of(urn: str, severity: Severity, message: str) -> None:
    """Log a message about the resource of that URN; about the whole stack without one."""
    engine = get_engine() if urn else None
    if engine is None:
        getattr(pulumi.log, severity)(message)
        return
    request = engine_pb2.LogRequest(severity=_SEVERITIES[severity], message=message, urn=urn)
    engine.Log(request)
