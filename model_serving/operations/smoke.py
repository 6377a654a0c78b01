"""The requests that a stack file declares, sent after a deployment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_serving.errors import UserError
from model_serving.operations.connection import Connection, connect
from model_serving.operations.differences import unmet
from model_serving.operations.outputs import Address, Outputs, read_outputs
from model_serving.operations.reachability import require_answer
from model_serving.operations.requests import declared_requests
from model_serving.spec.vocabulary.smoke import SmokeRequest


@dataclass(frozen=True)
class Result:
    """One request and its answer; `faults` is empty where it passed."""

    endpoint: str
    request: str
    served_by: str = ""
    milliseconds: int = 0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class SmokeTest:
    """The results of every smoke request of a stack, the endpoints that declare none, and those declared stopped."""

    results: list[Result]
    not_called: list[str]
    stopped: list[str] = field(default_factory=list)


def smoke_request(outputs: Outputs, address: Address) -> dict[str, Any]:
    """The first smoke request of an endpoint. Raises UserError where it declares none."""
    for declared in _declared(outputs, address):
        return declared.request or declared_requests(str(declared.file))[0]
    raise UserError(
        f'Endpoint "{address.key}" declares no request under `smoke`, so give one:'
        """ --data '{"dataframe_records": [{"amount": 12.5}]}'"""
    )


def smoke_test(stack: str, caller: str | None) -> SmokeTest:
    """Send every smoke request of a deployed stack. Endpoints that are declared stopped are not called."""
    outputs = read_outputs(stack)
    stopped = [key for key, spec in outputs.declared.items() if spec.stopped]
    declared = {
        address: _declared(outputs, address) for key, address in outputs.endpoints.items() if key not in stopped
    }
    if any(declared.values()):
        require_answer(outputs.host)  # once, not for each endpoint
    results = [
        result
        for address, requests in declared.items()
        if requests
        for result in _results(outputs, address, requests, caller)
    ]
    return SmokeTest(results, [address.key for address, requests in declared.items() if not requests], stopped)


def smoke_test_of_entity(connection: Connection, entity: str) -> list[Result]:
    """Send an endpoint's smoke requests to one of its served entities, whatever its traffic.

    Requests that are declared for another entity are left out.
    """
    declared = _declared(connection.outputs, connection.address)
    return [
        result
        for number, smoke in enumerate(declared)
        if smoke.entity in (None, entity)
        for result in _sent(connection, smoke.model_copy(update={"entity": entity}), smoke.file or f"smoke[{number}]")
    ]


def _declared(outputs: Outputs, address: Address) -> Sequence[SmokeRequest]:
    spec = outputs.declared.get(address.key)
    return spec.smoke if spec else ()


def _results(
    outputs: Outputs, address: Address, declared: Sequence[SmokeRequest], caller: str | None
) -> Iterator[Result]:
    try:
        connection = connect(outputs, address, caller)
    except UserError as error:
        yield Result(address.key, "every request", faults=(str(error),))
        return
    for number, smoke in enumerate(declared):
        yield from _sent(connection, smoke, smoke.file or f"smoke[{number}]")


def _sent(connection: Connection, smoke: SmokeRequest, name: str) -> Iterator[Result]:
    key = connection.address.key
    try:
        requests = [smoke.request] if smoke.request is not None else declared_requests(str(smoke.file))
        for request in requests:
            answer = connection.send(request, smoke.entity)
            faults = unmet(smoke.expect or {}, answer.body) if answer.is_good else [connection.refusal(answer)]
            yield Result(key, name, answer.served_by, answer.milliseconds, tuple(faults))
    except UserError as error:
        yield Result(key, name, faults=(str(error),))
