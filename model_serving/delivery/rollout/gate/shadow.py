"""Recorded requests, replayed to an entity that gains traffic."""

from typing import Final

from model_serving.delivery.rollout.gate.result import BrokenBound
from model_serving.errors import UserError
from model_serving.measures import percent_text
from model_serving.operations.connection import Connection
from model_serving.operations.live.sign_in import sign_in, workspace_settings
from model_serving.operations.requests import declared_requests
from model_serving.operations.shadow.recorded import Recorded
from model_serving.operations.shadow.run import DEFAULT_RATE, run_shadow
from model_serving.operations.shadow.sources import Source
from model_serving.operations.shadow.table_requests import recorded_requests
from model_serving.operations.sql_warehouse import VARIABLE, chosen_warehouse
from model_serving.spec.vocabulary.rollout import INFERENCE_TABLE, ShadowGate

_REQUESTS_AT_LEAST: Final = 20
"""So many are replayed even in a short bake."""


def broken_agreement(connection: Connection, entity: str, declared: ShadowGate, seconds: float) -> BrokenBound | None:
    """The broken bound of the agreement with the live answers; None where it holds.

    At most as many requests are replayed as fit into `seconds`. Raises UserError where nothing can be compared.
    """
    most = max(_REQUESTS_AT_LEAST, round(seconds * DEFAULT_RATE))
    source = _source(connection, entity, declared.requests, most)
    report = run_shadow(connection, entity, source.requests, source=source.name, skipped=source.skipped)
    if report.agreement is None:
        raise UserError(f"None of the requests of {declared.requests} has a live answer to compare with")
    if report.agreement >= declared.agreement_at_least:
        return None
    least = f"at least {declared.agreement_at_least.text}"
    return BrokenBound("agreement", percent_text(report.agreement), least, entity, report.compared)


def _source(connection: Connection, entity: str, requests: str, most: int) -> Source:
    """The requests of a file, or the newest of the inference table. Raises UserError."""
    if requests != INFERENCE_TABLE:
        return Source(requests, [Recorded(request) for request in declared_requests(requests)][:most])
    warehouse = chosen_warehouse()
    if not warehouse:
        raise UserError(f"The gate replays the inference table, which needs a SQL warehouse: set {VARIABLE}")
    workspace = sign_in(workspace_settings(connection.outputs.stack))
    return recorded_requests(workspace, connection.address.name, entity, warehouse=warehouse, limit=most)
