"""The response of a served entity to a query, and what a query leaves behind: counts, a log, rows of tables."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from model_serving.workspace.dataplane.chat_models import ChatModel, agent_events
from model_serving.workspace.dataplane.faulty_models import Answer, distorted, next_answer
from model_serving.workspace.dataplane.generative import as_events, generate
from model_serving.workspace.dataplane.inference_tables import Query, capture
from model_serving.workspace.dataplane.model_inputs import rows_of
from model_serving.workspace.dataplane.rate_limits import count_query
from model_serving.workspace.dataplane.request_counts import count_request
from model_serving.workspace.dataplane.scoring import Echo, Scorer, scorer_for
from model_serving.workspace.dataplane.service_log import log_line, log_request
from model_serving.workspace.http.call import Call, Later, Reply
from model_serving.workspace.http.errors import ApiError
from model_serving.workspace.serving.deployments import failure_of
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.serving.scale_to_zero import SCALED_TO_ZERO, cold_since, wake
from model_serving.workspace.store.database import Json


@dataclass(frozen=True)
class _Begun:
    """A query that an entity answers: when it began, and how long it waits for a replica."""

    call: Call
    endpoint: Json
    entity: Json
    answer: Answer
    request_id: str
    start: float
    delay: float


def respond(call: Call, endpoint: Json, entity: Json) -> Reply | Later:
    """The entity's response. Models of users compute it without delaying other requests."""
    count_query(call, endpoint)
    start = time.perf_counter()
    delay = _woken(call, endpoint, entity, call.clock.now())
    begun = _Begun(call, endpoint, entity, next_answer(call.store, entity), str(uuid.uuid4()), start, delay)
    try:
        compute = _computation(begun)
    except ApiError as error:
        return _finished(begun, error)
    if compute.is_slow:
        return Later(compute.outcome, lambda outcome: _finished(begun, outcome))
    return _finished(begun, compute.outcome())


@dataclass(frozen=True)
class _Computation:
    """What makes the response. It uses neither the database nor the clock of the workspace."""

    run: Callable[[], Json]
    is_wrong: bool
    is_slow: bool

    def outcome(self) -> Json | ApiError:
        """The response, or why there is none."""
        try:
            response = self.run()
        except ApiError as error:
            return error
        return distorted(response) if self.is_wrong else response


def _computation(begun: _Begun) -> _Computation:
    """What makes the entity's response. Raises ApiError if the entity or this request fails."""
    call, entity = begun.call, begun.entity
    if failure := failure_of(begun.endpoint, entity["name"]):
        raise ApiError(f"Served entity '{entity['name']}' is not ready: {failure}")
    if begun.answer.error:
        raise begun.answer.error
    kind, now = kind_of(entity), int(call.clock.now())
    if kind == "CUSTOM_MODEL":
        scorer = scorer_for(call.store, entity)
        run = _scored(scorer, call.body, str(entity["entity_version"]), begun.request_id, now)
        return _Computation(run, begun.answer.is_wrong, is_slow=not isinstance(scorer, Echo))
    if kind == "FEATURE_SPEC":
        return _Computation(lambda: _looked_up(entity, call.body), begun.answer.is_wrong, is_slow=False)
    generated = lambda: generate(entity, call.body, begun.request_id, now)  # noqa: E731
    return _Computation(generated, begun.answer.is_wrong, is_slow=False)


def _scored(scorer: Scorer | ChatModel, body: Json, version: str, request_id: str, now: int) -> Callable[[], Json]:
    if isinstance(scorer, ChatModel):
        return lambda: scorer.respond(body, version, request_id, now)
    return lambda: {"predictions": scorer.predict(rows_of(body), version)}


def _looked_up(entity: Json, body: Json) -> Json:
    return {"outputs": [_features(entity, row) for row in rows_of(body)]}


def _finished(begun: _Begun, outcome: Json | ApiError) -> Reply:
    """The reply to a query. One that fails is counted and captured, too."""
    status = outcome.status if isinstance(outcome, ApiError) else int(HTTPStatus.OK)
    response = outcome.body() if isinstance(outcome, ApiError) else outcome
    took = time.perf_counter() - begun.start
    delay = begun.delay + max(0.0, (begun.answer.seconds or 0.0) - took)
    query = Query(begun.request_id, begun.endpoint, begun.entity, status, response, round((delay + took) * 1000))
    _record(begun.call, query)
    headers = {"served-model-name": begun.entity["name"], "x-request-id": begun.request_id}
    if begun.call.body.get("stream") is True and status == HTTPStatus.OK and (events := _events(response)):
        return Reply(events, headers=headers | {"Content-Type": "text/event-stream"}, delay=delay)
    return Reply(response, status, headers, delay)


def _events(response: Json) -> str | None:
    """The server-sent events of a chat answer; None for any other answer."""
    if "choices" in response:
        return as_events(response)
    return agent_events(response) if response.keys() & {"messages", "output"} else None


def _woken(call: Call, endpoint: Json, entity: Json, now: float) -> float:
    """Records a query of an entity that may scale to zero; the seconds until a replica can answer."""
    if (since := cold_since(call.store, call.settings, endpoint, entity, now)) is not None:
        log_line(call.store, endpoint, entity["name"], since, SCALED_TO_ZERO)
    return wake(call.store, call.settings, endpoint, entity, now)


def _record(call: Call, query: Query) -> None:
    """Counts a query in the metrics, and adds it to the service log and to the tables."""
    store, endpoint, name, status = call.store, query.endpoint, query.entity["name"], query.status
    now, took = call.clock.now(), query.milliseconds
    count_request(store, call.settings, endpoint, name, status=status, milliseconds=took, now=now)
    message = str(query.response.get("message")) if isinstance(query.response, dict) else ""
    log_request(store, endpoint, name, status=status, message=message, now=now)
    capture(call, query)


def _features(entity: Json, row: object) -> Json:
    """The response of a feature spec: the lookup keys and their features."""
    keys = row if isinstance(row, dict) else {"key": row}
    (feature,) = Echo(str(entity["entity_name"])).predict([row], "")
    return keys | {"feature": feature}
