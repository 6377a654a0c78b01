"""The live split is read once no update is in progress, and the wait for that has words and an end."""

from types import SimpleNamespace
from typing import Any

import pytest

from model_serving.databricks import serving_endpoints
from model_serving.databricks.client import connect
from model_serving.delivery.rollout.live_split import settled_split
from model_serving.errors import UserError

WORDS = "fraud is being updated: waiting until that ends, 45 minutes at most\n"


def test_a_missing_endpoint_has_no_split(frozen: Any) -> None:
    assert settled_split(connect(frozen.settings()), "fraud", list[str]().append) == {}


@pytest.mark.parametrize(("seconds_of_a_pause", "words"), [(2, 1), (0.2, 4)])
def test_an_update_is_waited_for_with_words(
    frozen: Any, seconds_of_a_pause: float, words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once and then every half minute. Ten seconds of the workspace's clock are 10 or 100 of this process's."""
    now, said = [0.0], list[str]()

    def pause(seconds: float) -> None:
        now[0] += seconds
        frozen.clock.advance(seconds_of_a_pause)

    monkeypatch.setattr(serving_endpoints, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=pause))
    frozen.endpoint("fraud")
    assert settled_split(connect(frozen.settings()), "fraud", said.append) == {"one": 100}
    assert said == [WORDS] * words


def test_an_endless_update_is_a_sentence(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds * 600

    monkeypatch.setattr(serving_endpoints, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=pause))
    frozen.endpoint("fraud")
    with pytest.raises(UserError, match=r"^fraud is still being updated after 45 minutes. Run the command again later"):
        settled_split(connect(frozen.settings()), "fraud", list[str]().append)
