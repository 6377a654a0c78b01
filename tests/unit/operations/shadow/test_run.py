"""A replay without a workspace: its pace, what ends it, and tokens that are renewed."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from model_serving.errors import UserError
from model_serving.operations.requests import Answer
from model_serving.operations.shadow import lines
from model_serving.operations.shadow.recorded import MARK, Recorded
from model_serving.operations.shadow.report import ShadowReport
from model_serving.operations.shadow.run import run_shadow


@dataclass(frozen=True)
class Address:
    key: str = "fraud"


@dataclass
class Scripted:
    """A connection that answers in the script's order, and remembers what it was asked."""

    statuses: list[int] = field(default_factory=lambda: [200])
    seconds: float = 0.0
    unreachable: bool = False
    asked: list[tuple[dict[str, Any], str | None]] = field(default_factory=list)
    most_at_once: int = 0
    renewals: int = 0
    address: Address = Address()

    def __post_init__(self) -> None:
        self._lock, self._running = threading.Lock(), 0

    def send(self, request: dict[str, Any], entity: str | None, _http: object) -> Answer:
        with self._lock:
            self.asked.append((request, entity))
            status = self.statuses[(len(self.asked) - 1) % len(self.statuses)]
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        time.sleep(self.seconds)
        with self._lock:
            self._running -= 1
        if self.unreachable:
            raise UserError("nothing answers")
        return Answer(status, {"predictions": [1]}, "shadow", 0.02)

    def refusal(self, answer: Answer, _entity: str | None) -> str:
        return f"refused with {answer.status}"

    def renewed(self) -> "Scripted":
        self.renewals += 1
        return self

    def run(self, *requests: Recorded, **options: Any) -> ShadowReport:
        return run_shadow(cast("Any", self), "shadow", requests, **({"rate": 1000.0} | options))


def recorded(number: int = 1, answer: Any = None) -> Recorded:
    return Recorded({"inputs": [number], "stream": True}, answer, 10.0 if answer else None)


def test_recorded_requests_are_sent_once_and_marked() -> None:
    connection = Scripted()
    report = connection.run(*(recorded(number, {"predictions": [1]}) for number in range(3)))
    assert [entity for _, entity in connection.asked] == ["shadow"] * 3
    assert all(request["client_request_id"].startswith(MARK) for request, _ in connection.asked)
    assert all("stream" not in request for request, _ in connection.asked)
    assert (report.agreement, report.recorded, report.live.p50_ms, report.shadow.p50_ms) == (1.0, True, 10.0, 20.0)
    assert report.p95_factor == 2.0


def test_given_requests_are_sent_to_both_sides() -> None:
    connection = Scripted()
    report = connection.run(recorded())
    assert [entity for _, entity in connection.asked] == [None, "shadow"]
    assert (report.compared, report.recorded) == (1, False)


def test_a_failed_answer_is_a_disagreement() -> None:
    report = Scripted([200, 500, 200]).run(*[recorded(answer={"predictions": [1]})] * 3, concurrency=1)
    assert (report.compared, report.agreeing) == (3, 2)
    assert report.shadow.errors == {"500": 1}
    assert report.shadow.error_rate == pytest.approx(1 / 3)


def test_a_live_failure_is_not_compared() -> None:
    report = Scripted([500, 200]).run(recorded(), concurrency=1)
    assert (report.compared, report.agreement, report.live.errors) == (0, None, {"500": 1})


def test_rate_and_concurrency_are_bounds() -> None:
    connection = Scripted(seconds=0.02)
    began = time.monotonic()
    connection.run(*[recorded(answer={"predictions": [1]})] * 10, rate=100.0, concurrency=2)
    assert time.monotonic() - began >= 0.09
    assert connection.most_at_once <= 2


def test_a_refusal_ends_the_run() -> None:
    connection = Scripted([403])
    with pytest.raises(UserError, match="refused with 403"):
        connection.run(*[recorded(answer={"predictions": [1]})] * 100, concurrency=1)
    assert len(connection.asked) < 5


def test_an_unreachable_endpoint_fails_the_run() -> None:
    with pytest.raises(UserError, match="nothing answers"):
        Scripted(unreachable=True).run(*[recorded(answer={"predictions": [1]})] * 3)


def test_a_token_is_renewed_before_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "RENEW_AFTER", 0.0)
    connection = Scripted()
    connection.run(*[recorded(answer={"predictions": [1]})] * 3, concurrency=1)
    assert connection.renewals == 3


def test_progress_counts_each_request() -> None:
    seen: list[tuple[int, int]] = []
    Scripted().run(*[recorded()] * 3, progress=lambda done, number: seen.append((done, number)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_no_requests_make_an_empty_report() -> None:
    report = Scripted().run()
    assert (report.compared, report.agreement, report.p95_factor) == (0, None, None)
