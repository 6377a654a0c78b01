"""The smoke requests of an endpoint, sent to the entities that gain traffic."""

from collections.abc import Iterator
from typing import Final

from model_serving.delivery.rollout.gate.result import BrokenBound
from model_serving.errors import UserError
from model_serving.operations.caller import OWN_CREDENTIALS
from model_serving.operations.connection import Connection, connect
from model_serving.operations.outputs import Outputs
from model_serving.operations.smoke import smoke_test_of_entity

_PASSES: Final = "every request passes"


def gate_connection(outputs: Outputs, endpoint: str) -> Connection:
    """A connection as the only service principal that may query the endpoint, else with the shell's own credentials.

    A token lives for an hour: get a new connection for each test. Raises UserError.
    """
    address = outputs.endpoint(endpoint)
    try:
        return connect(outputs, address, None)
    except UserError as refused:
        try:
            return connect(outputs, address, OWN_CREDENTIALS)
        except UserError:
            raise refused from None


def failed_smoke_requests(connection: Connection, entity: str) -> Iterator[BrokenBound]:
    """A broken bound for each smoke request that a served entity does not answer as declared.

    Raises UserError where none is declared for it.
    """
    results = smoke_test_of_entity(connection, entity)
    if not results:
        key = connection.address.key
        raise UserError(f"No smoke request can be sent to {entity}: declare one under endpoints.{key}.smoke")
    for result in results:
        if result.faults:
            yield BrokenBound(f"smoke request {result.request}", "; ".join(result.faults), _PASSES, entity)
