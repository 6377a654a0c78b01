"""Recorded requests, replayed to an entity that gains traffic."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from model_serving.delivery.rollout.gate.result import BrokenBound
from model_serving.errors import UserError
from model_serving.operations.connection import Connection
from model_serving.operations.requests import requests_in
from model_serving.operations.shadow.recorded import Recorded
from model_serving.operations.shadow.run import DEFAULT_RATE, run_shadow
from model_serving.spec.vocabulary.rollout import INFERENCE_TABLE, ShadowGate

_REQUESTS_AT_LEAST: Final = 20
"""So many are replayed even in a short bake."""


def broken_agreement(connection: Connection, entity: str, declared: ShadowGate, seconds: float) -> BrokenBound | None:
    """The broken bound of the agreement with the live answers; None where it holds.

    At most as many requests are replayed as fit into `seconds`. Raises UserError where nothing can be compared.
    """
    most = max(_REQUESTS_AT_LEAST, round(seconds * DEFAULT_RATE))
    report = run_shadow(connection, entity, _requests(declared.requests)[:most], source=declared.requests)
    if report.agreement is None:
        raise UserError(f"None of the requests of {declared.requests} has a live answer to compare with")
    if report.agreement >= declared.agreement_at_least:
        return None
    value = f"{100 * report.agreement:.3g}%"
    return BrokenBound("agreement", value, f"at least {declared.agreement_at_least}", entity, report.compared)


def _requests(source: str) -> Sequence[Recorded]:
    if source == INFERENCE_TABLE:
        raise UserError("Requests of the inference table can't be replayed by a gate yet: name a file")
    return [Recorded(request) for request in requests_in(Path("stacks") / source)]
