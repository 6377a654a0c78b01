"""The clock of a rollout on a machine whose time is set."""

from datetime import datetime, timedelta
from unittest.mock import Mock

import pytest

from model_serving.delivery.rollout import staged


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_moves_no_bake(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    clock = staged.SystemClock()
    before = clock.now()
    monkeypatch.setattr(staged, "datetime", Mock(now=lambda zone: datetime.now(zone) + timedelta(hours=hours)))
    assert timedelta() <= clock.now() - before < timedelta(minutes=1)
