"""The window of a gate: minutes that began after the split went live, from readings that may fail."""

from collections.abc import Callable

from model_serving.databricks.errors import DeniedError
from model_serving.databricks.metrics.sample import Requests, Sample
from model_serving.delivery.rollout.gate.window import Window


class Service:
    """Reports each minute for a minute, 10 s after it has ended, as the service does with some delay."""

    def __init__(self, requests_of: Callable[[int], int], *, delay: float = 10.0) -> None:
        self.now, self.requests_of, self.delay = 0.0, requests_of, delay
        self.refuses = False

    def read(self) -> Sample:
        if self.refuses:
            raise DeniedError("403: no permission")
        end = (self.now - self.delay) // 60 * 60
        answered = float(self.requests_of(int(end // 60) - 1))
        return Sample("fraud", self.now, {"challenger": Requests(answered)}, interval_end=end, seconds=60.0)

    def window(self, begin: float) -> Window:
        self.now = begin
        window = Window(self.read, lambda: self.now)
        window.begin()
        return window

    def pass_until(self, time: float, window: Window) -> None:
        while self.now < time:
            self.now += 15
            window.read()


def requests(window: Window) -> int:
    return window.figures["challenger"].requests if window.figures else 0


def test_the_minute_of_both_splits_does_not_count() -> None:
    service = Service(lambda minute: {10: 1000, 11: 7, 12: 5}.get(minute, 0))
    window = service.window(10 * 60 + 20)
    service.pass_until(11 * 60 + 40, window)
    assert (requests(window), window.is_too_short) == (0, True)
    service.pass_until(14 * 60 + 30, window)
    assert requests(window) == 12
    assert window.gap == ""


def test_a_late_report_of_the_minute_before_does_not_count() -> None:
    service = Service(lambda minute: 1000 if minute <= 10 else 3, delay=100.0)
    window = service.window(10 * 60 + 20)
    service.pass_until(13 * 60 + 50, window)
    assert requests(window) == 3


def test_lost_readings_are_named_until_one_succeeds() -> None:
    service = Service(lambda _: 10)
    window = service.window(600.0)
    service.refuses = True
    service.pass_until(900, window)
    assert window.gap == "can't be read: 403: no permission"
    service.refuses = False
    service.pass_until(1050, window)
    assert window.gap.startswith("could be read of ")
    service.pass_until(1500, window)
    assert window.gap == ""


def test_counters_begin_with_the_first_reading() -> None:
    counted = 40.0
    now = 5.0

    def read() -> Sample:
        return Sample("fraud", now, {"challenger": Requests(counted)}, adds_up=True)

    window = Window(read, lambda: now)
    window.begin()
    counted, now = 47.0, 9.0
    window.read()
    counted, now = 2.0, 12.0  # deployed again: the count started over
    window.read()
    assert requests(window) == 9
    assert (window.gap, window.is_too_short) == ("", False)
