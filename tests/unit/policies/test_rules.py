"""Each rule alone: inputs that pass, inputs that fail, unknown inputs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING, PERMISSIONS, PROVISIONED_THROUGHPUT
from model_serving.policies.live import LiveEndpoint, UnreadableError
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.policies.pack.rule import Registered, Resource, Rule, Violation
from model_serving.policies.rules import RULES, live_resource, quotas, route_optimized

BY_NAME = {rule.name: rule for rule in RULES}
ENTITY = {"name": "current", "entityName": "main.ml.iris", "entityVersion": "2", "scaleToZeroEnabled": False}
LIVE = LiveEndpoint(
    "iris",
    "a" * 32,
    route_optimized=True,
    traffic={"old": 100},
    creator="ann@example.com",
    creator_kind="User",
    answer={"description": "as it was"},
)


def endpoint(stack: str = "prod", protect: bool = True, **inputs: Any) -> Resource:
    given = {"name": "iris", "config": {"servedEntities": [ENTITY]}, "tags": [{"key": "team"}], **inputs}
    return Resource(MODEL_SERVING, "iris", "urn:iris", given, stack=stack, protect=protect)


def serving(*entities: dict[str, Any], stack: str = "prod", **inputs: Any) -> Resource:
    return endpoint(stack, config={"servedEntities": [{**ENTITY, **entity} for entity in entities]}, **inputs)


def routed(**percentages: Any) -> Resource:
    entities = [{**ENTITY, "name": name} for name in ("old", "new")]
    routes = [{"servedModelName": name, "trafficPercentage": share} for name, share in percentages.items()]
    return endpoint(config={"servedEntities": entities, "trafficConfig": {"routes": routes}})


def granted(*entries: dict[str, Any], stack: str = "prod") -> Resource:
    inputs = {"servingEndpointId": "a" * 32, "accessControls": list(entries)}
    return Resource(PERMISSIONS, "iris-permissions", "urn:grant", inputs, stack=stack)


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch) -> Callable[[LiveEndpoint | UnreadableError | None], None]:
    """Sets what the workspace has, at first the endpoint LIVE."""

    def answer(found: LiveEndpoint | UnreadableError | None) -> None:
        def live_endpoint(*_: Any, **__: Any) -> LiveEndpoint | None:
            if isinstance(found, UnreadableError):
                raise found
            return found

        for module in (route_optimized, live_resource):
            monkeypatch.setattr(module, "live_endpoint", live_endpoint)

    answer(LIVE)
    return answer


def violations(name: str, resource: Resource, **settings: Any) -> list[Violation]:
    rule = BY_NAME[name]
    return list(rule.check(resource, rule.with_defaults(settings)))


def refusals(name: str, resource: Resource, **settings: Any) -> list[str]:
    return [violation.message for violation in violations(name, resource, **settings) if not violation.advisory]


def advisories(name: str, resource: Resource, **settings: Any) -> list[str]:
    return [violation.message for violation in violations(name, resource, **settings) if violation.advisory]


def test_rules_that_read_the_workspace_declare_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for module in (route_optimized, live_resource):
        monkeypatch.setattr(module, "live_endpoint", lambda *_, **__: asked.append(rule.name))

    def listed_names(*_: Any, **__: Any) -> frozenset[str]:
        asked.append(rule.name)
        return frozenset()

    monkeypatch.setattr(quotas, "listed_names", listed_names)
    rule: Rule
    followed = {"current": {"entity": "main.ml.iris@Champion"}}
    declared = {"endpoints": {"iris": {"served_entities": followed, "rollout": {"steps": [5]}}}}
    versions = [{"name": each, "entityName": "main.ml.fraud", "entityVersion": each} for each in "12"]
    split = [{"servedModelName": each, "trafficPercentage": 50} for each in "12"]
    shared = {"name": "shared", "config": {"servedEntities": versions, "trafficConfig": {"routes": split}}}
    resources = (
        replace(serving({"workloadSize": "Large"}), stack_spec=declared),
        replace(serving({}), inputs=shared),
        granted({"groupName": "ml", "permissionLevel": "CAN_QUERY"}),
    )
    for rule in RULES:
        for resource in resources:
            if resource.type in rule.types:
                list(rule.check(resource, rule.with_defaults({})))
        if rule.check_stack:
            list(rule.check_stack([Registered(resource) for resource in resources], rule.with_defaults({})))
    assert list(dict.fromkeys(asked)) == [rule.name for rule in RULES if rule.reads_workspace]


FAILS = [
    ("route-optimized-create-only", endpoint(), "(route_optimized: true -> false)"),
    ("route-optimized-create-only", endpoint(routeOptimized="false"), "(route_optimized: true -> false)"),
    ("supported-entity-types", serving({"externalModel": {"provider": "openai"}}), "an external model (openai)"),
    ("supported-entity-types", serving({"externalModel": {"provider": UNKNOWN}}), "is an external model"),
    ("supported-entity-types", serving({"entityName": "System.AI.llama"}), "Foundation Model API (System.AI.llama)"),
    ("supported-entity-types", serving({"minProvisionedThroughput": 100}), "(minProvisionedThroughput)"),
    ("supported-entity-types", serving({"maxProvisionedThroughput": 100}), "(maxProvisionedThroughput)"),
    ("supported-entity-types", serving({"provisionedModelUnits": 50}), "(provisionedModelUnits)"),
    ("supported-entity-types", serving({"provisionedModelUnits": UNKNOWN}), "(provisionedModelUnits)"),
    (
        "supported-entity-types",
        endpoint(config={"servedModels": [{"name": "m", "modelName": "system.ai.llama"}]}),
        'Served entity "m" is a Foundation Model API',
    ),
    (
        "supported-entity-types",
        Resource(PROVISIONED_THROUGHPUT, "pt", "urn:pt", {"name": "pt"}),
        "This resource serves a Foundation Model API with provisioned throughput",
    ),
    ("traffic-adds-up", routed(old=50, new=49), "The traffic percentages sum to 99, must be 100"),
    ("traffic-adds-up", routed(old=50, other=50), 'A route leads to "other", which is not a served entity'),
    ("traffic-adds-up", routed(), "Several served entities (old, new) have no routes"),
    ("traffic-jump", routed(old=0, new=100), "by more than 50 points at once: new 0 % -> 100 %, old 100 % -> 0 %"),
    ("production-stays-warm", serving({"scaleToZeroEnabled": True}), '"current" scales to zero in stack "prod"'),
    ("gpu-where-allowed", serving({"workloadType": "GPU_SMALL"}), "runs on GPU_SMALL"),
    ("gpu-where-allowed", serving({"workloadType": "MULTIGPU_MEDIUM"}), "runs on MULTIGPU_MEDIUM"),
    ("secrets-by-reference", serving({"environmentVars": {"API_KEY": "x"}}), "environment variable API_KEY"),
    ("secrets-by-reference", serving({"environmentVars": {"URL": "https://u:p@h"}}), "environment variable URL"),
    ("secrets-by-reference", serving({"environmentVars": {"X": "dapi" + "0" * 32}}), "environment variable X"),
    (
        "secrets-by-reference",
        serving({"externalModel": {"openaiConfig": {"openaiApiKeyPlaintext": "x"}}}),
        "a plaintext key (openaiApiKeyPlaintext)",
    ),
    ("no-manage-for-everyone", granted({"groupName": "users", "permissionLevel": "CAN_MANAGE"}), 'Group "users"'),
    ("production-names-its-callers", granted({"groupName": "users", "permissionLevel": "CAN_QUERY"}), 'Group "users"'),
    ("production-is-protected", endpoint(protect=False), 'isn\'t protected from deletion in stack "prod"'),
    ("production-pins-versions", serving({"entityName": "main.ml.iris@Champion"}), "(2)"),
    ("production-pins-versions", serving({"entityName": "iris", "entityVersion": None}), "(not set)"),
    ("production-pins-versions", serving({"entityVersion": "latest"}), "(latest)"),
    ("production-runs-as-a-service-principal", endpoint(), "runs as its creator, the user ann@example.com"),
    ("required-tags", endpoint(tags=[{"key": "other"}]), "Required tags are missing: team"),
    ("no-silently-dropped-changes", endpoint(description="as it should be"), 'stays "as it was"'),
    (
        "no-silently-dropped-changes",
        endpoint(budgetPolicyId="b"),
        'budgetPolicyId of the live endpoint "iris" stays "", though Pulumi will report an update to "b"',
    ),
    (
        "no-silently-dropped-changes",
        endpoint(emailNotifications={"onUpdateFailures": ["a@x.org"]}),
        'stays "", though Pulumi',
    ),
    (
        "no-silently-dropped-changes",
        endpoint(telemetryConfig={"telemetryProfileId": "one"}),
        "(the provider sends telemetry at",
    ),
    (
        "no-silently-dropped-changes",
        serving({"burstScalingEnabled": True}),
        "remove it, true is the default (no read returns it",
    ),
    ("no-silently-dropped-changes", serving({"burstScalingEnabled": False}), "the provider never sends false"),
]

PASSES = [
    ("route-optimized-create-only", endpoint(routeOptimized=True)),
    ("route-optimized-create-only", endpoint(routeOptimized="true")),
    ("supported-entity-types", serving({})),
    ("supported-entity-types", serving({"entityName": "main.ml.user_features", "entityVersion": None})),
    ("supported-entity-types", serving({"minProvisionedThroughput": 0})),
    ("traffic-adds-up", routed(old=95, new=5)),
    ("traffic-adds-up", endpoint()),
    (
        "traffic-adds-up",  # what the API calls a feature spec without a name is not ours to guess
        endpoint(
            config={
                "servedEntities": [{"entityName": "main.ml.user_features"}],
                "trafficConfig": {"routes": [{"servedModelName": "user_features", "trafficPercentage": 100}]},
            }
        ),
    ),
    ("traffic-jump", routed(old=50, new=50)),
    ("production-stays-warm", serving({"scaleToZeroEnabled": True}, stack="staging")),
    ("gpu-where-allowed", serving({"workloadType": "CPU"})),
    ("secrets-by-reference", serving({"environmentVars": {"API_KEY": "{{secrets/s/k}}", "MONKEY": "x", "A": ""}})),
    ("no-manage-for-everyone", granted({"groupName": "ml-engineers", "permissionLevel": "CAN_MANAGE"})),
    ("no-manage-for-everyone", granted({"groupName": "users", "permissionLevel": "CAN_QUERY"})),
    (
        "production-names-its-callers",
        granted({"groupName": "users", "permissionLevel": "CAN_QUERY"}, stack="staging"),
    ),
    ("production-is-protected", endpoint()),
    ("production-is-protected", endpoint("staging", protect=False)),
    ("production-pins-versions", serving({})),
    ("production-pins-versions", serving({"entityVersion": None})),
    ("required-tags", endpoint()),
    ("no-silently-dropped-changes", endpoint(description="as it was")),
    ("no-silently-dropped-changes", endpoint(emailNotifications={"onUpdateFailures": []}, telemetryConfig={})),
    (
        "no-silently-dropped-changes",
        endpoint(config={"servedEntities": [ENTITY], "autoCaptureConfig": {"enabled": True}}),
    ),
    ("no-silently-dropped-changes", endpoint(telemetryConfig={"tableNames": {"logsTable": "main.ml.logs"}})),
    ("no-silently-dropped-changes", serving({"burstScalingEnabled": UNKNOWN})),
]

UNKNOWNS = [
    ("route-optimized-create-only", endpoint(name=UNKNOWN), "the endpoint's name can't be known"),
    ("route-optimized-create-only", endpoint(routeOptimized=UNKNOWN), "the endpoint's route_optimized can't be known"),
    ("supported-entity-types", serving({"entityName": UNKNOWN}), 'The model of served entity "current" is unknown'),
    ("supported-entity-types", endpoint(config=UNKNOWN), "The served entities are unknown"),
    ("traffic-adds-up", routed(old=UNKNOWN, new=5), "The routes are unknown until `up`"),
    ("production-stays-warm", serving({"scaleToZeroEnabled": UNKNOWN}), '"current" scales to zero'),
    ("gpu-where-allowed", serving({"workloadType": UNKNOWN}), '"current" runs on a GPU'),
    ("secrets-by-reference", serving({"environmentVars": {"API_KEY": UNKNOWN}}), "environment variable API_KEY"),
    ("production-pins-versions", serving({"entityVersion": UNKNOWN}), 'The version of "current" is unknown'),
    ("required-tags", endpoint(tags=UNKNOWN), "The tags are unknown"),
    ("no-silently-dropped-changes", endpoint(rateLimits=[{"calls": 5}]), "rateLimits of a live endpoint can't be read"),
]


@pytest.mark.parametrize(("name", "resource", "message"), FAILS)
def test_bad_resource_is_refused(name: str, resource: Resource, message: str) -> None:
    (found,) = refusals(name, resource)
    assert message in found


@pytest.mark.parametrize(("name", "resource"), PASSES)
def test_good_resource_passes(name: str, resource: Resource) -> None:
    assert violations(name, resource) == []


@pytest.mark.parametrize(("name", "resource", "message"), UNKNOWNS)
def test_unknown_values_are_advisory(name: str, resource: Resource, message: str) -> None:
    assert refusals(name, resource) == []
    (found,) = advisories(name, resource)
    assert message in found


@pytest.mark.parametrize("name", ["route-optimized-create-only", "traffic-jump", "no-silently-dropped-changes"])
def test_new_endpoint_passes(name: str, workspace: Callable[[None], None]) -> None:
    workspace(None)
    assert violations(name, endpoint(description="new", routeOptimized=True)) == []


ANSWER = {
    "ai_gateway": {"usage_tracking_config": {"enabled": True}},
    "email_notifications": {"on_update_failure": ["a@x.org", "b@x.org"]},
    "telemetry_config": {"telemetry_profile_id": "one", "chosen_by_the_service": True},
    "config": {"auto_capture_config": {"enabled": True}},
}
AS_LIVE: dict[str, Any] = {
    "aiGateway": {"usageTrackingConfig": {"enabled": False}},
    "emailNotifications": {"onUpdateFailures": ["b@x.org", "a@x.org"]},
    "telemetryConfig": {"telemetryProfileId": "one"},
    "config": {"servedEntities": [ENTITY], "autoCaptureConfig": {"enabled": True}},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        (
            {"emailNotifications": UNKNOWN, "telemetryConfig": {"telemetryProfileId": UNKNOWN}, "aiGateway": UNKNOWN},
            None,
        ),
        ({"aiGateway": None}, 'The live endpoint "iris" has aiGateway and the program has none.'),
        (
            {"emailNotifications": {"onUpdateFailures": ["c@x.org"]}},
            "an update to \"{'on_update_failure': ['c@x.org']}\"",
        ),
        ({"telemetryConfig": {"telemetryProfileId": "two"}}, "an update to \"{'telemetry_profile_id': 'two'}\""),
        (
            {"config": {"servedEntities": [ENTITY], "autoCaptureConfig": {"enabled": False}}},
            'enabled of the live endpoint "iris" stays "True", though Pulumi will report an update to "False"',
        ),
    ],
)
def test_dropped_change_is_reported(
    workspace: Callable[[LiveEndpoint], None], change: dict[str, Any], message: str | None
) -> None:
    workspace(replace(LIVE, answer=ANSWER))
    found = refusals("no-silently-dropped-changes", endpoint(**{**AS_LIVE, **change}))
    assert [message in each for each in found if message] == ([True] if message else [])
    assert len(found) == (1 if message else 0)


def test_changes_that_components_send_are_not_reported(workspace: Callable[[LiveEndpoint], None]) -> None:
    workspace(replace(LIVE, answer=ANSWER))
    component = (
        "urn:pulumi:prod::p::model-serving:index:ServingEndpoint$databricks:index/modelServing:ModelServing::iris"
    )
    ours = replace(endpoint(emailNotifications={"onUpdateFailures": ["old@x.org"]}, description="new"), urn=component)
    (refused,) = refusals("no-silently-dropped-changes", ours)
    assert refused.startswith("description of the live endpoint")


def test_a_flip_message_names_effects_and_fixes() -> None:
    (refused,) = violations("route-optimized-create-only", endpoint())
    message, *fixes = refused.text.splitlines()
    assert message == (
        'Route optimization of the live endpoint "iris" can\'t be switched off (route_optimized: true -> false). '
        "Pulumi would delete the endpoint and create another: nothing answers until the new endpoint is ready; its URL "
        "changes: callers need the new one; its id changes: tokens and permissions for the old id stop working; it "
        "will run as the identity that deploys this change"
    )
    how = "on the endpoint in the stack's own file. It is valid only for this endpoint id; remove the line afterwards"
    assert fixes == [
        "field: route_optimized",
        "fix: Restore `route_optimized: true`",
        "fix: Without an outage: declare a second endpoint under a new name, move the callers, then remove the first",
        f"fix: If an outage is acceptable: `replace_id: {'a' * 32}` {how}",
    ]


@pytest.mark.parametrize(
    ("declared", "way_out"),
    [
        ({}, "take this edit back, then run `model-serving migrate iris --set route_optimized=false --stack prod`"),
        ({"predecessor": {"name": "old"}}, "end its migration first, then start another: `model-serving migrate iris"),
    ],
    ids=["alone", "in a migration"],
)
def test_a_flip_in_stack_files_names_the_migration(declared: dict[str, Any], way_out: str) -> None:
    of_files = replace(endpoint(), stack_spec={"endpoints": {"iris": declared}})
    (refused,) = violations("route-optimized-create-only", of_files)
    assert f"fix: Without an outage: {way_out}" in refused.text


def test_a_predecessor_in_production_may_be_unprotected() -> None:
    spec = {"endpoints": {"iris": {"name": "iris-2", "predecessor": {"name": "iris"}}}}
    predecessor = replace(endpoint(protect=False), stack_spec=spec)
    assert violations("production-is-protected", predecessor) == []
    successor = replace(predecessor, inputs={**predecessor.inputs, "name": "iris-2"})
    assert len(violations("production-is-protected", successor)) == 1


def test_replace_id_allows_a_flip() -> None:
    agreed = replace(endpoint(description="new"), stack_file_spec={"replace_id": "a" * 32})
    assert refusals("route-optimized-create-only", agreed) == []
    (message,) = advisories("route-optimized-create-only", agreed)
    assert message.startswith(f'Endpoint "iris" will be deleted and created again, as `replace_id: {"a" * 32}` in the')
    assert violations("no-silently-dropped-changes", agreed) == []


def test_replace_id_of_another_endpoint_is_refused() -> None:
    stale = replace(endpoint(), stack_file_spec={"replace_id": "b" * 32})
    assert refusals("route-optimized-create-only", stale) == refusals("route-optimized-create-only", endpoint())


def test_unreadable_workspace_is_refused_or_advisory(workspace: Callable[[UnreadableError], None]) -> None:
    workspace(UnreadableError("403 forbidden"))
    (refused,) = refusals("route-optimized-create-only", endpoint())
    assert 'Endpoint "iris" could not be read from the workspace (403 forbidden)' in refused
    assert advisories("route-optimized-create-only", endpoint(), unreadable="warn") == [refused]
    assert refusals("route-optimized-create-only", endpoint(), unreadable="warn") == []


@pytest.mark.parametrize(
    ("setting", "entity"),
    [
        ("external_models", {"externalModel": {"provider": "openai"}}),
        ("foundation_models", {"entityName": "system.ai.x"}),
    ],
)
def test_allowed_family_is_refused_with_route_optimization(setting: str, entity: dict[str, Any]) -> None:
    allowed = {setting: True}
    assert refusals("supported-entity-types", serving(entity), **allowed) == []
    (refused,) = refusals("supported-entity-types", serving(entity, routeOptimized=True), **allowed)
    assert "which can't be route optimized" in refused


def test_gpu_passes_in_an_allowed_stack() -> None:
    gpu = serving({"workloadType": "GPU_SMALL"})
    assert violations("gpu-where-allowed", gpu, stacks=["prod"]) == []
    assert refusals("gpu-where-allowed", gpu, stacks=["staging"]) != []


def test_a_budget_policy_can_be_required() -> None:
    (refused,) = refusals("required-tags", endpoint(), budget_policy=True)
    assert refused.startswith("No budget policy")
    assert refusals("required-tags", endpoint(budgetPolicyId="b"), budget_policy=True) == []


def test_points_are_shown_as_an_integer() -> None:
    """The engine hands every number over as a float."""
    (message,) = refusals("traffic-jump", routed(old=60, new=40), points=25.0)
    assert "moves by more than 25 points at once" in message


def test_stacks_setting_takes_patterns() -> None:
    asleep = {"scaleToZeroEnabled": True}
    assert refusals("production-stays-warm", serving(asleep, stack="prod-eu"), stacks=["prod", "prod-*"]) != []


def test_resolved_alias_is_reported_from_the_stack_file() -> None:
    written = {"served_entities": {"champion": {"entity": "main.ml.fraud@Champion"}, "other": {"version": "8"}}}
    declared = {"endpoints": {"iris": written}}
    (found,) = refusals("production-pins-versions", replace(endpoint(), stack_spec=declared))
    assert found.startswith('Served entity "champion" follows the alias "Champion"')


def test_a_secret_is_never_printed() -> None:
    (refused,) = refusals("secrets-by-reference", serving({"environmentVars": {"PASSWORD": "hunter2"}}))
    assert "hunter2" not in refused


def across(rule: Rule, *registered: Registered) -> list[tuple[str, str, bool]]:
    found = rule.check_stack and rule.check_stack(registered, rule.with_defaults({}))
    return [(resource.name, violation.message, violation.advisory) for resource, violation in found or ()]


@pytest.mark.parametrize("link", ["dependency", "id"])
def test_permissions_match_by_dependency_or_id(link: str) -> None:
    rule = BY_NAME["permissions-declared"]
    live = Registered(endpoint(servingEndpointId="a" * 32 if link == "id" else UNKNOWN))
    grant = Registered(granted(), ("urn:iris",) if link == "dependency" else ())
    assert across(rule, live, grant) == []
    (found,) = across(rule, live)
    assert found[1].startswith('Permissions of endpoint "iris" are not managed')


def test_users_are_refused_in_production_only() -> None:
    rule = BY_NAME["optimized-callers-use-oauth"]
    grant = granted(
        {"userName": "ann@example.com", "permissionLevel": "CAN_QUERY"},
        {"groupName": "apps", "permissionLevel": "CAN_QUERY"},
        {"servicePrincipalName": "app", "permissionLevel": "CAN_QUERY"},
        {"userName": "bob@example.com", "permissionLevel": "CAN_MANAGE"},
    )
    found = across(rule, Registered(endpoint(routeOptimized=True)), Registered(grant, ("urn:iris",)))
    assert [
        (name, message.partition(" has")[0].partition(" may")[0], advisory) for name, message, advisory in found
    ] == [
        ("iris-permissions", 'User "ann@example.com"', False),
        ("iris-permissions", 'Group "apps"', True),
        ("iris-permissions", 'User "bob@example.com"', False),
    ]
    assert across(rule, Registered(endpoint()), Registered(grant, ("urn:iris",))) == []
    elsewhere = replace(grant, stack="staging")
    found = across(rule, Registered(endpoint(routeOptimized=True)), Registered(elsewhere, ("urn:iris",)))
    assert [advisory for _, _, advisory in found] == [True, True, True]
