"""A migration on the real engine, there and back: nobody is cut off, and killed runs resume."""

import json
import re
import time
from typing import Any

import pytest

from model_serving.databricks.inference_tables import inference_table
from tests.support.followed_address import followed_address
from tests.support.interrupted_up import WRITES, Fate
from tests.support.migration import (
    ENDPOINTS,
    FAMILY,
    KEY,
    OPTIONS,
    PHASES,
    SUCCESSOR,
    deployed_with_table,
    migrate,
    run,
    with_warehouse,
)
from tests.support.migration_cases import QUIET_SECONDS, Case, judged
from tests.support.sandbox import Outcome, Sandbox
from tests.support.snapshots import Snapshots

CHANGES = ("--set", "route_optimized=true", "--set", "auto_capture.table_name_prefix=scores")
CREATE, RETIRE = PHASES[0], PHASES[3]


def commands(printed: str) -> list[str]:
    """The commands of the first phase that `migrate` prints."""
    first = printed.partition("\n1. ")[2].partition("\n2. ")[0]
    return re.findall(r"^ {5}(.*)$", first, re.MULTILINE)


def carried_out(sandbox: Sandbox, *arguments: str, review: bool = False) -> list[Outcome]:
    """`migrate`, and then the commands that it prints for this commit, as printed; its review only where asked."""
    printed = commands(migrate(sandbox, *arguments).text)
    return [run(sandbox, command) for command in printed if review or " review " not in command]


def urns(sandbox: Sandbox) -> set[str]:
    exported = json.loads(sandbox.pulumi("stack", "export").text)
    return {each["urn"] for each in exported["deployment"]["resources"] if KEY in each["urn"]}


def tables(sandbox: Sandbox) -> dict[str, str]:
    """The inference table of each endpoint of the family."""
    live = {name: sandbox.workspace.get(f"{ENDPOINTS}/{name}") for name in FAMILY}
    return {name: found.full_name for name, each in live.items() if (found := inference_table(each))}


def permissions(sandbox: Sandbox, address: dict[str, Any]) -> dict[str, str]:
    """Who has which level on an endpoint."""
    found = sandbox.workspace.get(f"/api/2.0/permissions/serving-endpoints/{address['id']}")["access_control_list"]
    names = ("user_name", "group_name", "service_principal_name")
    return {next(each[name] for name in names if name in each): str(each["all_permissions"]) for each in found}


def test_there_and_back_no_request_fails(snapshots: Snapshots) -> None:
    with (
        snapshots.prepared("migration", deployed_with_table, OPTIONS) as copied,
        followed_address(copied, KEY, FAMILY) as caller,
    ):
        project = with_warehouse(copied)
        run(project, "git init -q && git config user.name Ann && git config user.email ann@example.com")
        assert run(project, "git add stacks && git commit -qm Deployed").status == 0
        before, known = len(project.workspace.writes()), urns(project)
        review, commit, up = carried_out(project, *CHANGES, review=True)
        assert (review.status, commit.status, up.status) == (2, 0, 0), review.text + commit.text + up.text
        address = project.outputs()["endpoints"][KEY]
        assert (address["name"], address["predecessor"]["name"]) == (SUCCESSOR, KEY)
        assert (address["route_optimized"], address["predecessor"]["route_optimized"]) == (True, False)
        assert tables(project) == {KEY: "main.ml.fraud-scorer_payload", SUCCESSOR: "main.ml.scores_payload"}
        assert permissions(project, address) == permissions(project, address["predecessor"])
        both = urns(project)
        assert known < both
        shown = json.loads(migrate(project, "--status", "--json").text)
        assert (shown["stage"], shown["predecessor"]["usage"]["requesters"][0]["service_principal"]) == (
            "both",
            "checkout",
        )
        for _ in range(2):  # back, and forth again
            assert carried_out(project, "--back")[-1].status == 0
            caller.wait()
        assert urns(project) == both
        retired = carried_out(project, "--retire")[-1]
        if retired.status:  # the callers had moved too short a time ago
            assert f'Endpoint "{KEY}" can\'t be retired' in retired.text, retired.text
            time.sleep(QUIET_SECONDS)
            project.pulumi("up", "--yes", "--skip-preview")
        caller.wait()
        assert caller.asked() == [KEY, SUCCESSOR, KEY, SUCCESSOR]
        assert (caller.failed, caller.unready) == ([], [])
        written = [write for write in project.workspace.writes()[before:] if "/sql/" not in write]
        permitted = f"PUT /api/2.0/permissions/serving-endpoints/{address['id']}"
        settings = f"PUT {ENDPOINTS}/{SUCCESSOR}/ai-gateway"
        assert sorted(written) == sorted([f"POST {ENDPOINTS}", permitted, settings, f"DELETE {ENDPOINTS}/{KEY}"])


@pytest.mark.parametrize(
    "case",
    [
        Case(CREATE, WRITES, 0, Fate.AFTER),
        Case(CREATE, WRITES, 2, Fate.BEFORE),
        Case(RETIRE, WRITES, 1, Fate.AFTER),
    ],
    ids=["the creation, answer lost", "the permissions", "the deletion, answer lost"],
)
def test_a_killed_phase_resumes(snapshots: Snapshots, case: Case) -> None:
    result = judged(snapshots, case)
    assert (result.faults, result.is_interrupted) == ([], True)
