"""One fault during a change, on the real engine: the `up` after it ends well only when the workspace serves it all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.sandbox import Sandbox
from tests.support.snapshots import IMMEDIATE, Snapshots
from tests.support.troubleshooting import section

UP = ("up", "--yes", "--skip-preview")
ENDPOINT = "/api/2.0/serving-endpoints/fraud-scorer"


@dataclass(frozen=True)
class Fault:
    """What the workspace does wrong to the update, and what the `up` after it writes."""

    rule: dict[str, Any]
    repaired_by: list[str] = field(default_factory=list)


CONFIG, TAG = f"PUT {ENDPOINT}/config", f"PATCH {ENDPOINT}/tags"
FAULTS = {
    "config refused": Fault({"pattern": CONFIG, "status": 403}, [CONFIG, TAG]),
    "answer to config lost": Fault({"pattern": CONFIG, "status": 504, "after_handler": True}, [TAG]),
    "tags refused": Fault({"pattern": TAG, "status": 500}, [TAG]),
    # The first read is this project's own, the one before the update; the second is the provider's poll after it.
    "poll fails": Fault({"pattern": f"GET {ENDPOINT}", "status": 500, "skip": 1}, [TAG]),
}


@pytest.fixture(scope="module")
def deployed(snapshots: Snapshots) -> Iterator[Sandbox]:
    with snapshots.deployed(options=(*IMMEDIATE, "--limit", "changes=10000")) as sandbox:
        yield sandbox


@dataclass(frozen=True)
class Change:
    """An edited stack file that is not deployed yet: another traffic and another tag than are live."""

    sandbox: Sandbox
    share: int

    @property
    def declared(self) -> tuple[dict[str, int], str]:
        return {"champion": self.share, "challenger": 100 - self.share}, f"team-{self.share}"

    @property
    def served(self) -> tuple[dict[str, int], str]:
        """Traffic and tag of what is live."""
        live = self.sandbox.workspace.get(ENDPOINT)
        routes = live["config"]["traffic_config"]["routes"]
        traffic = {route["served_entity_name"]: route["traffic_percentage"] for route in routes}
        return traffic, next(tag["value"] for tag in live["tags"] if tag["key"] == "team")

    def inject(self, rule: dict[str, Any]) -> None:
        self.sandbox.workspace.post("/_workspace/faults", rule)

    def seed(self, version: dict[str, Any] | None) -> None:
        """Let deployments of the challenger's model version fail, or succeed again with None."""
        self.sandbox.workspace.post("/_workspace/seed", {"models": {"main.ml.fraud": {"versions": {8: version}}}})


@pytest.fixture
def change(deployed: Sandbox) -> Change:
    file = deployed.folder / "stacks/base.yaml"
    traffic = re.search(r"champion: (\d+), challenger", file.read_text(encoding="utf-8"))
    assert traffic, "The stack file has a traffic of two"
    share = int(traffic[1])
    deployed.edit("stacks/base.yaml", traffic[0], f"champion: {share - 5}, challenger")
    deployed.edit("stacks/base.yaml", f"challenger: {100 - share}", f"challenger: {105 - share}")
    tag = next(tag for tag in ("team: risk", f"team: team-{share}") if f"{{{tag}}}" in file.read_text(encoding="utf-8"))
    deployed.edit("stacks/base.yaml", tag, f"team: team-{share - 5}")
    return Change(deployed, share - 5)


def written(sandbox: Sandbox, before: list[str]) -> list[str]:
    return [write for write in sandbox.workspace.writes()[len(before) :] if ENDPOINT in write]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_up_after_a_fault_delivers(change: Change, fault: Fault) -> None:
    change.inject(fault.rule)
    failed = change.sandbox.pulumi(*UP, check=False)
    assert failed.refused, failed.text
    before = change.sandbox.workspace.writes()
    change.sandbox.pulumi(*UP)
    assert change.served == change.declared
    assert written(change.sandbox, before) == fault.repaired_by
    before = change.sandbox.workspace.writes()
    change.sandbox.pulumi(*UP, "--expect-no-changes")
    assert change.sandbox.workspace.writes() == before


def test_preview_reports_an_undelivered_update(change: Change) -> None:
    change.inject({"pattern": CONFIG, "status": 409, "error_code": "RESOURCE_CONFLICT"})
    assert change.sandbox.pulumi(*UP, check=False).refused
    now, before = change.share, change.share + 5
    assert (
        f'Endpoint "fraud-scorer" does not serve what was last deployed: traffic champion {before} %, challenger'
        f' {100 - before} % instead of champion {now} %, challenger {100 - now} %; tag "team" has another value.'
    ) in " ".join(change.sandbox.pulumi("preview").text.split())
    change.sandbox.edit(
        "stacks/base.yaml", "  model-serving:default_tags:", "  model-serving:default_tags:\n    new: tag"
    )
    change.sandbox.pulumi(*UP)
    assert change.served == change.declared


def test_failed_update_is_sent_again(change: Change) -> None:
    change.seed({"fails": "pip could not resolve numpy"})
    for _ in range(2):
        failed = change.sandbox.pulumi(*UP, check=False)
        assert failed.refused, failed.text
        assert change.served[0] != change.declared[0]
        assert '"challenger" (main.ml.fraud v8) DEPLOYMENT_FAILED: pip could not resolve numpy' in failed.text
    for refresh in ((), ("--refresh",)):
        preview = change.sandbox.pulumi("preview", "--policy-pack", "policies", *refresh)
        assert 'The last update of endpoint "fraud-scorer" failed:' in preview.text
    change.seed(None)
    entry = section("The deployment of an endpoint failed")
    assert entry.shows(failed.text), failed.text
    done = entry.follow(change.sandbox)
    assert done.status == 0, done.text
    assert change.served == change.declared
    change.sandbox.pulumi(*UP, "--expect-no-changes")


def test_failed_creation_shows_its_reason(snapshots: Snapshots) -> None:
    broken = {"main.ml.fraud": {"versions": {8: {"fails": "pip could not resolve numpy"}}}}
    with snapshots.initialized("--ready-after", "2") as sandbox:
        sandbox.workspace.post("/_workspace/seed", {"models": broken})
        failed = sandbox.pulumi(*UP, check=False)
        assert failed.refused, failed.text
        assert f"DELETE {ENDPOINT}" in sandbox.workspace.writes()
    assert 'The first deployment of endpoint "fraud-scorer" failed:' in failed.text
    assert '"challenger" (main.ml.fraud v8) DEPLOYMENT_FAILED: pip could not resolve numpy' in failed.text
    assert "ERROR: pip could not resolve numpy" in failed.text
