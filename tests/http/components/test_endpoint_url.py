"""The URL of an endpoint is never one that refuses requests."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from model_serving.components.deployment import endpoint_url as module
from model_serving.components.deployment.endpoint_url import Known, address

HOST = "https://dbc-a1b2.cloud.databricks.com"
OWN = f"{HOST}/dp/e1/1/serving-endpoints/fraud/invocations"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", found.append)
    monkeypatch.setattr(pulumi.log, "info", lambda *_, **__: None)
    return found


def answers(monkeypatch: pytest.MonkeyPatch, *urls: str | None) -> list[float]:
    """Let the workspace have these URLs, one at each question; the pauses between them are returned."""
    given = iter(urls)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(module, "_read", lambda _: next(given))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: sum(pauses)))
    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=pause))
    return pauses


def known(**changes: Any) -> Known:
    return Known(**{"name": "fraud", "route_optimized": True, "own_url": "", "host": HOST, "settings": {}, **changes})


def test_the_workspaces_url_is_for_endpoints_that_are_not_route_optimized(warnings: list[str]) -> None:
    found = asyncio.run(address(known(route_optimized=False, own_url=None)))
    assert found == f"{HOST}/serving-endpoints/fraud/invocations"
    assert asyncio.run(address(known(own_url=OWN))) == OWN
    assert warnings == []


def test_a_url_that_comes_later_is_waited_for(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    pauses = answers(monkeypatch, None, None, OWN)
    assert asyncio.run(address(known())) == OWN
    assert (pauses, warnings) == ([2, 2], [])


def test_a_preview_asks_once(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    pauses = answers(monkeypatch, None)
    assert asyncio.run(address(known())) is None
    assert (pauses, len(warnings)) == ([], 1)


def test_a_url_that_does_not_come_is_unknown(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    pauses = answers(monkeypatch, *[None] * 100)
    assert asyncio.run(address(known())) is None
    assert sum(pauses) == 60
    (warning,) = warnings
    assert warning == (
        'The URL of route-optimized endpoint "fraud" is not known. The workspace doesn\'t have it yet.'
        " The output `url` has no value until it is: run `pulumi up` again later"
    )


@pytest.mark.parametrize("still", [["direct-url=later"]], indirect=True)
def test_an_unanswered_question_is_a_warning(still: Any, warnings: list[str]) -> None:
    asked = known(settings=still.settings("dapi-of-nobody"))
    assert asyncio.run(address(asked)) is None
    assert "is not known. " in warnings[0]
    assert "doesn't have it yet" not in warnings[0]
