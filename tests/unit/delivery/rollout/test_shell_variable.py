"""A step that the shell names changes neither a review nor a deployment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from model_serving.delivery import deploy
from model_serving.review.assess.from_preview import report
from model_serving.review.plan import run
from model_serving.review.plan.engine_process import EngineRun
from model_serving.review.plan.preview import Preview
from model_serving.review.plan.state_copy.source import Source
from model_serving.spec.rollout_variable import PLANNED, VARIABLE


@pytest.fixture
def environments(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The variable in each run of Pulumi. Nothing runs."""
    given: list[str | None] = []

    def run_pulumi(*_: Any, environment: Mapping[str, str], **_more: Any) -> EngineRun:
        given.append(environment.get(VARIABLE))
        return EngineRun(0, "")

    monkeypatch.setattr(run, "run_pulumi", run_pulumi)
    monkeypatch.setattr(deploy, "run_pulumi", run_pulumi)
    return given


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source("prod", tmp_path, {VARIABLE: "/tmp/step.json"})  # noqa: S108  it is not written


def test_a_review_shows_the_declared_traffic(source: Source, environments: list[str | None]) -> None:
    run.preview_of(source)
    run.preview_of(source, rollout="own-step.json")
    assert environments == [PLANNED, "own-step.json"]


def test_a_deployment_without_steps_names_none(source: Source, environments: list[str | None]) -> None:
    now = report(Preview("prod"))
    assert deploy._up(source, (), Path("plan.json"), now).deployed  # noqa: SLF001  it needs an engine otherwise
    assert environments == [None]
