"""Conditions that no change of a stack file shows, made by hand in one deployed workspace: each is in the preview."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from model_serving.cli.main import main
from model_serving.contract.conditions import ALIASES_STAY, CONDITIONS, PERMISSIONS_READABLE
from tests.support.raw_program import Violation, violations
from tests.support.sandbox import Outcome, Sandbox
from tests.support.snapshots import Snapshots

BASE, LOCAL = "stacks/base.yaml", "stacks/Pulumi.local.yaml"
ENDPOINTS = "/api/2.0/serving-endpoints"
IRIS_LIST = "      permissions:\n        - {group: ml-engineers, level: CAN_QUERY}\n    user"
PIPELINE = "12345678-abcd-1234-abcd-1234567890ab"
PRINCIPALS = "  model-serving:service_principals:\n"
DEPLOYED = ("fraud-scorer", "iris-classifier", "user-features")
EDITS = (
    (BASE, "oauth_secret: true", 'oauth_secret: {lifetime: "864000s"}, serves: [user-features]'),
    (BASE, PRINCIPALS, f"  model-serving:deployer: {PIPELINE}\n{PRINCIPALS}"),
    (LOCAL, IRIS_LIST, "    user"),
    (LOCAL, 'entity: main.ml.iris, version: "2"', "entity: main.ml.iris@Champion"),
)
"""A secret of ten days, an endpoint without a list of permissions, an alias, and a deployer that deployed nothing."""


def grant(sandbox: Sandbox, endpoint: str, **entry: str) -> None:
    endpoint_id = sandbox.workspace.get(f"{ENDPOINTS}/{endpoint}")["id"]
    path = f"/api/2.0/permissions/serving-endpoints/{endpoint_id}"
    sandbox.workspace.patch(path, {"access_control_list": [{"permission_level": "CAN_QUERY", **entry}]})


@pytest.fixture(scope="module")
def troubled(snapshots: Snapshots) -> Iterator[Sandbox]:
    """The deployed stack after others have stopped an endpoint, broken one, granted access and moved the alias."""
    with snapshots.deployed(*EDITS) as sandbox:
        workspace = sandbox.workspace
        workspace.post(
            "/_workspace/seed", {"groups": ["analysts"], "models": {"main.ml.iris": {"aliases": {"Champion": 3}}}}
        )
        workspace.post(f"{ENDPOINTS}/fraud-scorer/config:stop", {})
        workspace.post(
            "/_workspace/endpoints/user-features/failures", {"entity": "features", "message": "out of memory"}
        )
        grant(sandbox, "fraud-scorer", group_name="analysts")
        grant(sandbox, "iris-classifier", group_name="analysts")
        path = f"/api/2.0/permissions/serving-endpoints/{workspace.get(f'{ENDPOINTS}/user-features')['id']}"
        denied = {"pattern": f"GET {path}", "status": 403, "error_code": "PERMISSION_DENIED", "times": -1}
        workspace.post("/_workspace/faults", denied)
        yield sandbox


@pytest.fixture(scope="module")
def preview(troubled: Sandbox) -> Outcome:
    before = troubled.workspace.writes()
    outcome = troubled.pulumi("preview", "--policy-pack", "policies")
    assert troubled.workspace.writes() == before
    return outcome


def advisory(rule: str, kind: str, resource: str) -> Violation:
    return Violation(rule, kind, resource, "advisory")


def test_preview_reports_every_condition(preview: Outcome) -> None:
    expected = {
        advisory("endpoints-serve", "ModelServing", "fraud-scorer"),
        advisory("endpoints-serve", "ModelServing", "user-features"),
        advisory("no-undeclared-permissions", "ModelServing", "fraud-scorer"),
        advisory("no-undeclared-permissions", "ModelServing", "iris-classifier"),
        advisory("permissions-declared", "ModelServing", "iris-classifier"),
        advisory("permissions-readable", "ModelServing", "user-features"),
        advisory("aliases-stay", "ModelServing", "iris-classifier"),
        advisory("aliases-named", "ModelServing", "iris-classifier"),
        advisory("serving-principals-exist", "ModelServing", "user-features"),
        *(advisory("runs-as-declared", "ModelServing", name) for name in DEPLOYED),
        advisory("secrets-last", "ServicePrincipalSecret", "checkout-secret-1"),
    }
    assert violations(preview.text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'Endpoint "fraud-scorer" is stopped (last changed on ',
        "model-serving start fraud-scorer --stack local",
        "Declare `stopped: true`, if it is meant to be stopped; where a change removes that, `up` starts it",
        '"features" (main.ml.user_features) DEPLOYMENT_FAILED: out of memory (100 % of the traffic)',
        'Endpoint "fraud-scorer" has permissions that are not declared: group "analysts" has CAN_QUERY',
        'Permissions of endpoint "iris-classifier" were granted by hand: group "analysts" has CAN_QUERY',
        'Permissions of endpoint "iris-classifier" are not managed',
        'Alias "Champion" of main.ml.iris moved from version 2 to 3: `up` deploys version 3 as served entity "current"',
        'Served entity "current" follows the alias "Champion" of main.ml.iris, version 3 now',
        f'Endpoint "fraud-scorer" runs as its creator admin@example.com, and not as the deployer ({PIPELINE})',
        'Service principal "checkout" `serves` endpoint "user-features", and this stack creates it',
        'OAuth secret "checkout-secret-1" expires on ',
    ],
)
def test_preview_explains_each_condition(preview: Outcome, text: str) -> None:
    assert text in preview.text


def test_unreadable_permissions_are_named_once(preview: Outcome) -> None:
    assert preview.text.count('The permissions of "user-features" could not be read, so nobody compared them') == 1


def test_each_condition_is_reported_once(preview: Outcome) -> None:
    lines: list[Any] = preview.text.splitlines()
    assert len([line for line in lines if "fraud-scorer" in line and "is stopped" in line]) == 1


@pytest.fixture(scope="module", params=["review", "drift"])
def reports(troubled: Sandbox, request: pytest.FixtureRequest) -> tuple[int, dict[str, Any], str]:
    """The exit status of the command, its report as JSON, and its comment."""
    files = [troubled.folder / f"report.{form}" for form in ("json", "md")]
    before = troubled.workspace.writes()
    option, member = {"review": ("--refresh", "stacks"), "drift": ("--preview", "previews")}[request.param]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in troubled.environment.items():
            patch.setenv(name, value)
        patch.chdir(troubled.folder)
        outputs = [option for file in files for option in ("--output", str(file))]
        status = main([request.param, "--stack", "local", option, *outputs])
    assert troubled.workspace.writes() == before
    report, comment = (file.read_text(encoding="utf-8") for file in files)
    # The nightly issue holds the review below what the comparison without the engine has found.
    return status, json.loads(report)[member][0], comment.partition("Preview of the next deployment")[2] or comment


def test_review_and_drift_report_every_condition(reports: tuple[int, dict[str, Any], str]) -> None:
    status, report, comment = reports
    assert status == 2
    rules = {each["rule"] for resource in report["resources"] for each in resource["violations"]}
    assert rules == {*CONDITIONS, ALIASES_STAY} - {PERMISSIONS_READABLE}
    assert [each["kind"] for each in report["notices"]] == ["unread"]
    for text in (
        "is stopped",
        "out of memory",
        "**alias moved**",
        "OAuth secret",
        "not managed",
        "runs as its creator",
    ):
        assert text in comment


def test_report_says_nothing_twice(reports: tuple[int, dict[str, Any], str]) -> None:
    _, _, comment = reports
    assert (comment.count("is stopped"), comment.count("Champion")) == (1, 1)
    assert comment.count("analysts") == 2, "granted by hand on an unmanaged list, and changed outside on a managed one"
    assert "has permissions that are not declared" not in comment
