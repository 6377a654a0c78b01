"""Each rule on the real engine: a program that passes, and one that doesn't, in which nothing is touched.

The engine stops at the first resource that a mandatory rule refuses, so each program has one resource that breaks
many rules; its one preview is looked at by many tests.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from model_serving.contract import conditions
from model_serving.policies.rules import RULES
from tests.support.raw_program import PREVIEW, UP, RawProgram, Violation, post, violations
from tests.support.sandbox import Outcome, Sandbox
from tests.support.snapshots import Snapshots

PROTECTED = "pulumi.ResourceOptions(protect=True)"
GOOD = f"""
entity = {{"entityName": "main.ml.fraud", "workloadSize": "Small", "scaleToZeroEnabled": False,
          "environmentVars": {{"API_KEY": "{{{{secrets/serving/api-key}}}}"}}}}
endpoint = Endpoint("good", {PROTECTED}, name="good", routeOptimized=True, servingEndpointId=None,
    tags=[{{"key": "team", "value": "risk"}}], config={{
        "servedEntities": [{{**entity, "name": "old", "entityVersion": "7"}},
                           {{**entity, "name": "new", "entityVersion": "8"}}],
        "trafficConfig": {{"routes": [{{"servedModelName": "old", "trafficPercentage": 95}},
                                    {{"servedModelName": "new", "trafficPercentage": 5}}]}}}})
caller = Resource("ServicePrincipal", "caller", displayName="caller", applicationId=None)
Resource("Permissions", "good-permissions", servingEndpointId=endpoint.servingEndpointId, accessControls=[
    {{"servicePrincipalName": caller.applicationId, "permissionLevel": "CAN_QUERY"}},
    {{"groupName": "ml-engineers", "permissionLevel": "CAN_MANAGE"}}])
"""
BAD_ENDPOINT = """
entity = {"workloadSize": "Small", "scaleToZeroEnabled": True, "workloadType": "GPU_SMALL"}
Endpoint("bad", name="bad", config={
    "servedEntities": [{**entity, "name": "old", "entityName": "main.ml.fraud@Champion"},
                       {**entity, "name": "new", "entityName": "system.ai.llama", "entityVersion": "1",
                        "environmentVars": {"API_KEY": "hunter2"}}],
    "trafficConfig": {"routes": [{"servedModelName": "old", "trafficPercentage": 95},
                                 {"servedModelName": "new", "trafficPercentage": 6}]}})
"""
BAD_PERMISSIONS = """
Resource("Permissions", "open", servingEndpointId="0" * 32, accessControls=[
    {"groupName": "users", "permissionLevel": "CAN_MANAGE"},
    {"groupName": "account users", "permissionLevel": "CAN_QUERY"}])
"""
BAD_TOGETHER = f"""
given = dict(tags=[{{"key": "team", "value": "risk"}}], servingEndpointId=None, routeOptimized=True)
large = {{"name": "current", "entityName": "main.ml.iris", "entityVersion": "2", "workloadSize": "Large"}}
Endpoint("alone", {PROTECTED}, name="alone", config={{"servedEntities": [large]}}, tags=given["tags"])
endpoint = Endpoint("called", {PROTECTED}, name="called", **given)
Resource("Permissions", "person", servingEndpointId=endpoint.servingEndpointId, accessControls=[
    {{"userName": "ann@example.com", "permissionLevel": "CAN_QUERY"}}])
"""
ON_A_LIVE_ENDPOINT = f"""
size = {{"workloadSize": "Small", "scaleToZeroEnabled": False}}
rows = {{**size, "name": "rows", "entityName": "main.ml.iris", "entityVersion": "2"}}
chat = {{**size, "name": "chat", "entityName": "main.ml.assistant", "entityVersion": "1"}}
Endpoint("live", {PROTECTED}, name="live", description="of another kind", tags=[{{"key": "team", "value": "risk"}}],
    config={{"servedEntities": [rows, chat],
            "trafficConfig": {{"routes": [{{"servedModelName": "rows", "trafficPercentage": 40}},
                                        {{"servedModelName": "chat", "trafficPercentage": 60}}]}}}})
"""
LIVE_CONFIG = {
    "served_entities": [
        {"name": name, "entity_name": model, "entity_version": version, "workload_size": "Small"}
        for name, model, version in (("rows", "main.ml.iris", "2"), ("chat", "main.ml.assistant", "1"))
    ],
    "traffic_config": {
        "routes": [
            {"served_entity_name": name, "traffic_percentage": share} for name, share in (("rows", 100), ("chat", 0))
        ]
    },
}


@pytest.fixture(scope="module")
def prod(snapshots: Snapshots) -> Iterator[RawProgram]:
    """A raw program whose stack counts as production."""

    def prepare(sandbox: Sandbox) -> None:
        declare(sandbox)
        sandbox.pulumi("stack", "init", "prod")
        post(sandbox.workspace, "/api/2.0/serving-endpoints", {"name": "live", "config": LIVE_CONFIG})

    with snapshots.prepared("production", prepare) as sandbox:
        declare(sandbox)
        yield RawProgram(sandbox)


def declare(sandbox: Sandbox, **config: Any) -> None:
    host = {"databricks:host": sandbox.workspace.url}
    named = {f"model-serving:{key}": value for key, value in config.items()}
    (sandbox.folder / "stacks" / "Pulumi.prod.yaml").write_text(json.dumps({"config": host | named}), encoding="utf-8")


@pytest.fixture
def untouched(prod: RawProgram) -> Iterator[None]:
    before = prod.sandbox.workspace.writes()
    yield
    assert prod.sandbox.workspace.writes() == before


Judge = Callable[[str], list[Outcome]]


@pytest.fixture
def judged(request: pytest.FixtureRequest, snapshots: Snapshots) -> Judge:
    """What comes of a program, by its key in PROGRAMS. It runs once for all tests that look at it.

    The workspace is taken for one with room for three endpoints.
    """

    def run(name: str) -> list[Outcome]:
        prod: RawProgram = request.getfixturevalue("prod")
        program, commands = PROGRAMS[name]
        expected = {"requests_per_second": 300000, "time_per_request": "40ms"}
        declare(
            prod.sandbox, policies={"endpoint-quota": {"endpoints": 3}}, endpoints={"alone": {"expected": expected}}
        )
        before = prod.sandbox.workspace.writes()
        outcomes = [prod.run(program, *command) for command in commands]
        assert prod.sandbox.workspace.writes() == before
        return outcomes

    return lambda name: snapshots.result(f"rules-{name}", lambda: run(name))


PROGRAMS: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "good": (GOOD, [PREVIEW]),
    "bad endpoint": (BAD_ENDPOINT, [PREVIEW, UP]),
    "bad permissions": (BAD_PERMISSIONS, [PREVIEW, UP]),
    "bad together": (BAD_TOGETHER, [PREVIEW]),
    "on a live endpoint": (ON_A_LIVE_ENDPOINT, [PREVIEW]),
}


@pytest.fixture
def good(judged: Judge) -> Outcome:
    return judged("good")[0]


@pytest.fixture
def bad_endpoint(judged: Judge) -> list[Outcome]:
    return judged("bad endpoint")


@pytest.fixture
def bad_permissions(judged: Judge) -> list[Outcome]:
    return judged("bad permissions")


@pytest.fixture
def bad_together(judged: Judge) -> Outcome:
    return judged("bad together")[0]


@pytest.fixture
def on_a_live_endpoint(judged: Judge) -> Outcome:
    return judged("on a live endpoint")[0]


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_good_program_passes(good: Outcome, rule: str) -> None:
    assert good.status == 0, good.text
    assert f"  {rule}  " not in good.text
    assert "✅ model-serving" in good.text


@pytest.mark.parametrize(
    "rule",
    [
        "supported-entity-types",
        "serving-limits",
        "traffic-adds-up",
        "secrets-by-reference",
        "gpu-where-allowed",
        "required-tags",
        "production-stays-warm",
        "production-is-protected",
    ],
)
def test_bad_endpoint_breaks_each_rule(bad_endpoint: list[Outcome], rule: str) -> None:
    for outcome in bad_endpoint:
        assert outcome.refused, outcome.text
        assert Violation(rule, "ModelServing", "bad") in violations(outcome.text)
        assert "hunter2" not in outcome.text.partition("Policies:")[2]


def test_moving_alias_in_production_is_reported(bad_endpoint: list[Outcome]) -> None:
    for outcome in bad_endpoint:
        assert Violation("production-pins-versions", "ModelServing", "bad", "advisory") in violations(outcome.text)


@pytest.mark.parametrize("rule", ["no-manage-for-everyone", "production-names-its-callers"])
def test_bad_permissions_break_each_rule(bad_permissions: list[Outcome], rule: str) -> None:
    for outcome in bad_permissions:
        assert outcome.refused, outcome.text
        assert Violation(rule, "Permissions", "open") in violations(outcome.text)


def test_user_as_optimized_caller_is_refused(bad_together: Outcome) -> None:
    assert bad_together.refused, bad_together.text
    assert Violation("optimized-callers-use-oauth", "Permissions", "person") in violations(bad_together.text)


def test_large_endpoint_without_route_optimization_is_reported(bad_together: Outcome) -> None:
    rule = "route-optimization-choice"
    assert Violation(rule, "ModelServing", "alone", "advisory") in violations(bad_together.text)
    assert Violation(rule, "ModelServing", "called", "advisory") not in violations(bad_together.text)


def test_nearly_used_quota_is_reported(bad_together: Outcome) -> None:
    assert "Endpoints in the workspace: 1 -> 3 of 3, 2 of them new" in bad_together.text


def test_endpoint_without_permissions_is_reported(bad_together: Outcome) -> None:
    assert Violation("permissions-declared", "ModelServing", "alone", "advisory") in violations(bad_together.text)
    assert Violation("permissions-declared", "ModelServing", "called", "advisory") not in violations(bad_together.text)


def test_declared_load_over_capacity_is_reported(bad_together: Outcome) -> None:
    assert Violation("enough-capacity", "ModelServing", "alone", "advisory") in violations(bad_together.text)


@pytest.mark.parametrize(
    "rule",
    ["traffic-jump", "same-requests", "no-silently-dropped-changes", "production-runs-as-a-service-principal"],
)
def test_rules_on_live_endpoints_report(on_a_live_endpoint: Outcome, rule: str) -> None:
    assert on_a_live_endpoint.status == 0, on_a_live_endpoint.text
    assert Violation(rule, "ModelServing", "live", "advisory") in violations(on_a_live_endpoint.text)


def parametrize_marks(test: Any) -> list[pytest.Mark]:
    marks: list[pytest.Mark] = test.pytestmark
    return marks


def test_every_rule_has_a_violation_test() -> None:
    # test_bypasses.py, test_stack_settings.py, test_rollouts.py, and below
    elsewhere = {"route-optimized-create-only", "policy-settings", "waivers"}
    elsewhere |= {"rollout-in-steps", "rollout-can-be-staged"}
    elsewhere |= {"stop-supported"}  # tests/engine/components/test_endpoint_stop.py
    elsewhere |= {
        rule for name, rule in vars(conditions).items() if name.isupper() and isinstance(rule, str)
    }  # test_live_conditions.py
    parametrized = {
        mark
        for test in (
            test_bad_endpoint_breaks_each_rule,
            test_bad_permissions_break_each_rule,
            test_rules_on_live_endpoints_report,
        )
        for mark in parametrize_marks(test)[0].args[1]
    }
    together = {
        "route-optimization-choice",
        "endpoint-quota",
        "optimized-callers-use-oauth",
        "permissions-declared",
        "production-pins-versions",
        "enough-capacity",
    }
    assert elsewhere | parametrized | together == {rule.name for rule in RULES}


WAIVER = {
    "rule": "production-is-protected",
    "resource": "good",
    "reason": "Retires this month",
    "owner": "risk",
    "expires": "9999-12-31",
}


@pytest.mark.usefixtures("untouched")
def test_waiver_exempts_one_resource_and_is_shown(prod: RawProgram) -> None:
    declare(prod.sandbox, waivers={"retiring": WAIVER})
    passed = prod.run(GOOD.replace("protect=True", "protect=False"), *PREVIEW)
    assert passed.status == 0, passed.text
    assert Violation("production-is-protected", "ModelServing", "good", "advisory") in violations(passed.text)
    assert 'Waived until 9999-12-31 by "retiring" (owner risk): Retires this month' in passed.text


@pytest.mark.usefixtures("untouched")
def test_unused_waiver_is_shown(prod: RawProgram) -> None:
    declare(prod.sandbox, waivers={"retiring": WAIVER})
    passed = prod.run(GOOD, *PREVIEW)
    assert passed.status == 0, passed.text
    assert 'Waiver "retiring" of production-is-protected for "good" waives nothing' in passed.text


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("command", [PREVIEW, UP], ids=["preview", "up"])
def test_expired_waiver_fails_first(prod: RawProgram, command: tuple[str, ...]) -> None:
    file = prod.sandbox.folder / "stacks" / "Pulumi.prod.yaml"
    declare(prod.sandbox, waivers={"retiring": {**WAIVER, "expires": "2020-01-31"}})
    # As people write a date in YAML, without quotation marks.
    file.write_text(file.read_text(encoding="utf-8").replace('"2020-01-31"', "2020-01-31"), encoding="utf-8")
    refused = prod.run(GOOD, *command)
    assert refused.refused, refused.text
    assert "[mandatory]  waivers  (pulumi:pulumi:Stack: model-serving-prod)" in refused.text
    assert 'Waiver "retiring" of production-is-protected for "good" (owner risk) expired on 2020-01-31' in refused.text


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"traffic-jmp": "advisory"}, 'traffic-jmp: unknown rule "traffic-jmp". Did you mean "traffic-jump"?'),
        ({"traffic-jump": {"pionts": 3}}, 'traffic-jump: pionts: unknown setting "pionts". Did you mean "points"?'),
        ({"traffic-jump": {"points": "x"}}, "traffic-jump: points: Invalid type. Expected: integer, given: string"),
        ({"traffic-jump": "sometimes"}, '"sometimes" is not a valid enforcement level'),
    ],
    ids=["rule", "setting", "type", "level"],
)
def test_invalid_configuration_stops_the_run(prod: RawProgram, config: dict[str, Any], message: str) -> None:
    refused = prod.run(GOOD, *PREVIEW, *configured(prod, config))
    assert refused.refused, refused.text
    assert message in refused.text
    assert "Traceback" not in refused.text


def configured(prod: RawProgram, config: dict[str, Any]) -> tuple[str, str]:
    (prod.sandbox.folder / "policy-config.json").write_text(json.dumps(config), encoding="utf-8")
    return "--policy-pack-config", "policy-config.json"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("unreadable", "is_refused", "level"),
    [("refuse", True, "mandatory"), ("warn", False, "advisory")],
    ids=["refuse", "warn"],
)
def test_unreadable_endpoint_is_refused_or_reported(
    prod: RawProgram, unreadable: str, is_refused: bool, level: str
) -> None:
    declare(prod.sandbox)
    post(
        prod.sandbox.workspace,
        "/_workspace/faults",
        {"pattern": "GET /api/2.0/serving-endpoints/live", "status": 403, "error_code": "PERMISSION_DENIED"},
    )
    settings = configured(prod, {"route-optimized-create-only": {"unreadable": unreadable}})
    outcome = prod.run(ON_A_LIVE_ENDPOINT, *PREVIEW, *settings)
    assert outcome.refused is is_refused, outcome.text
    assert Violation("route-optimized-create-only", "ModelServing", "live", level) in violations(outcome.text)
    assert 'Endpoint "live" could not be read from the workspace (Injected fault' in outcome.text
