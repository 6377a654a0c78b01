"""Lines about deployments in progress: what they say, and how often."""

from typing import Any

import pytest

from model_serving.components.deployment.deployment_progress import VARIABLE, Deploying, Progress


class Workspace:
    """Build logs, by the path that they are read at."""

    def __init__(self, log: str = "") -> None:
        self.log = log
        self.reads = 0

    def find(self, path: str) -> dict[str, Any]:
        assert path.endswith("/build-logs")
        self.reads += 1
        return {"logs": self.log}


def deploying(name: str, seconds: float, **states: str) -> Deploying:
    entities = [
        {
            "name": entity,
            "entity_name": "main.ml.fraud",
            "entity_version": "9",
            "state": {"deployment": f"DEPLOYMENT_{state.upper()}", "deployment_state_message": "Building image."},
        }
        for entity, state in states.items()
    ]
    return Deploying(name, seconds, {"name": name, "pending_config": {"served_entities": entities}})


def test_one_endpoint_is_described_in_full() -> None:
    workspace = Workspace("Collecting numpy\n[2026-09-21T14:13:20Z] \x1b[31mERROR\x1b[0m token=abc\n")
    line = Progress().line([deploying("fraud", 130, champion="ready", challenger="creating")], 0, workspace, 0)
    assert line == (
        'Deploying endpoint "fraud" for 2 min: "challenger" (main.ml.fraud v9) creating, Building image;'
        ' build log: "ERROR token=[secret]"'
    )


def test_several_endpoints_are_summarised() -> None:
    workspace = Workspace("log")
    found = [deploying("fraud", 40, one="creating", two="creating"), deploying("iris", 70, current="creating")]
    line = Progress().line(found, 3, workspace, 0)
    assert line == (
        "Deploying 5 endpoints for up to 70 s: fraud (one creating, two creating); iris (current creating); and 3 more"
    )
    assert workspace.reads == 0


def test_lines_are_throttled() -> None:
    progress, workspace = Progress(), Workspace("log")
    printed = []
    for now in range(0, 301, 15):
        phase = "creating" if now < 200 else "recovering"
        if progress.line([deploying("fraud", now, challenger=phase)], 0, workspace, now):
            printed.append(now)
    assert printed == [30, 90, 150, 210, 270]
    assert workspace.reads == len(printed)


def test_a_new_phase_is_reported_at_once() -> None:
    progress, workspace = Progress(), Workspace()
    assert progress.line([deploying("fraud", 30, challenger="creating")], 0, workspace, 30)
    assert not progress.line([deploying("fraud", 45, challenger="creating")], 0, workspace, 45)
    line = progress.line([deploying("fraud", 60, challenger="recovering")], 0, workspace, 60)
    assert line == 'Deploying endpoint "fraud" for 60 s: "challenger" (main.ml.fraud v9) recovering, Building image'


def test_messages_of_several_endpoints_are_no_change() -> None:
    progress, workspace = Progress(), Workspace()
    two = [deploying("fraud", 30, one="creating"), deploying("iris", 30, one="creating")]
    assert progress.line(two, 0, workspace, 30)
    for each in two:
        each.live["pending_config"]["served_entities"][0]["state"]["deployment_state_message"] = "Another phase"
    assert not progress.line(two, 0, workspace, 45)
    assert progress.line(two[:1], 0, workspace, 60)


@pytest.mark.parametrize(("given", "is_printed"), [("0", False), ("-1", False), ("5", True), ("soon", False)])
def test_the_first_line_can_be_set(given: str, monkeypatch: pytest.MonkeyPatch, *, is_printed: bool) -> None:
    monkeypatch.setenv(VARIABLE, given)
    line = Progress().line([deploying("fraud", 6, challenger="creating")], 0, Workspace(), 6)
    assert bool(line) is is_printed


def test_an_endpoint_without_entities_is_named() -> None:
    assert Progress().line([Deploying("fraud", 31, {})], 0, Workspace(), 31) == 'Deploying endpoint "fraud" for 31 s'
