"""The URL of an endpoint never rejects requests."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from model_serving.components.deployment import endpoint_url as module
from model_serving.components.deployment.endpoint_url import endpoint_url

HOST = "https://dbc-a1b2.cloud.databricks.com"
OWN = f"{HOST}/dp/e1/1/serving-endpoints/fraud/invocations"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", logged.append)
    monkeypatch.setattr(pulumi.log, "info", lambda *_, **__: None)
    return logged


def answers(monkeypatch: pytest.MonkeyPatch, *urls: str | None) -> list[float]:
    """Answer with these URLs, one for each read; returns the pauses between them."""
    given = iter(urls)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(module, "_read", lambda *_: next(given))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: sum(pauses)))
    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=pause))
    return pauses


def url(**changes: Any) -> str | None:
    known: dict[str, Any] = {"name": "fraud", "route_optimized": True, "own_url": "", "host": HOST, "settings": {}}
    return asyncio.run(endpoint_url(**(known | changes)))


def test_the_workspace_url_serves_unoptimized_endpoints(warnings: list[str]) -> None:
    assert url(route_optimized=False, own_url=None) == f"{HOST}/serving-endpoints/fraud/invocations"
    assert url(own_url=OWN) == OWN
    assert warnings == []


def test_a_late_url_is_waited_for(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    pauses = answers(monkeypatch, None, None, OWN)
    assert url() == OWN
    assert (pauses, warnings) == ([2, 2], [])


def test_a_preview_reads_once(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    pauses = answers(monkeypatch, None)
    assert url() is None
    assert (pauses, len(warnings)) == ([], 1)


def test_a_missing_url_is_a_warning(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    pauses = answers(monkeypatch, *[None] * 100)
    assert url() is None
    assert sum(pauses) == 60
    (warning,) = warnings
    assert warning == (
        'The URL of route-optimized endpoint "fraud" is not known. The workspace does not have it yet.'
        " The output `url` has no value until it is: run `pulumi up` again later"
    )


@pytest.mark.parametrize("frozen", [["direct-url=later"]], indirect=True)
def test_a_failed_read_is_a_warning(frozen: Any, warnings: list[str]) -> None:
    assert url(settings=frozen.settings("dapi-of-nobody")) is None
    assert "is not known. " in warnings[0]
    assert "does not have it yet" not in warnings[0]
