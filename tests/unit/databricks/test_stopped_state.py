"""Whether an answer to GET shows a stopped endpoint."""

from typing import Any

import pytest

from model_serving.databricks.serving_endpoints import is_stopped


def live(deployment: str, **state: str) -> dict[str, Any]:
    return {"state": state, "config": {"served_entities": [{"name": "one", "state": {"deployment": deployment}}]}}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (live("DEPLOYMENT_STOPPED", ready="NOT_READY", suspend="STOPPED"), True),
        (live("DEPLOYMENT_STOPPED", ready="NOT_READY"), True),
        (live("DEPLOYMENT_READY", ready="READY", suspend="NOT_SUSPENDED"), False),
        (live("DEPLOYMENT_READY", ready="READY"), False),
        (live("DEPLOYMENT_FAILED", ready="NOT_READY"), False),
        ({}, False),
    ],
)
def test_stopped_differs_from_not_ready(answer: dict[str, Any], *, expected: bool) -> None:
    assert is_stopped(answer) is expected
