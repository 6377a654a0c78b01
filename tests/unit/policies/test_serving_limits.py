"""Each limit of Databricks: the last value that passes, and the next one, which doesn't."""

from typing import Any

import pytest

from model_serving.databricks.limits import LIMITS
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.live import UnreadableError
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.policies.pack.rule import Registered, Resource, Rule, Violation
from model_serving.policies.rules import RULES, live_resource, quotas

BY_NAME = {rule.name: rule for rule in RULES}
LIMITS_RULE, QUOTA, CHOICE = (
    BY_NAME[name] for name in ("serving-limits", "endpoint-quota", "route-optimization-choice")
)


def endpoint(*entities: dict[str, Any], name: str = "iris", **inputs: Any) -> Resource:
    model = {"entityName": "main.ml.iris", "entityVersion": "2"}
    served = [{"name": f"e{number}", **model, **entity} for number, entity in enumerate(entities or ({},))]
    given = {"name": name, "config": {"servedEntities": served}, **inputs}
    return Resource(MODEL_SERVING, name, f"urn:{name}", given, provider={"host": "https://w"})


def found(resource: Resource, **settings: Any) -> list[tuple[str, bool]]:
    violations = LIMITS_RULE.check(resource, LIMITS_RULE.with_defaults(settings))
    return [(each.message, each.advisory) for each in violations]


def across(rule: Rule, *resources: Resource, **settings: Any) -> list[Violation]:
    assert rule.check_stack
    registered = [Registered(each) for each in resources]
    return [violation for _, violation in rule.check_stack(registered, rule.with_defaults(settings))]


def variables(count: int) -> dict[str, Any]:
    return {"environmentVars": {f"V{number}": "x" for number in range(count)}}


def concurrent(low: Any, high: Any) -> dict[str, Any]:
    return {"minProvisionedConcurrency": low, "maxProvisionedConcurrency": high}


FEATURES = {"entityName": "main.ml.features", "entityVersion": None}
EXTERNAL = {"entityName": None, "entityVersion": None}
CHAT = {**EXTERNAL, "externalModel": {"task": "llm/v1/chat"}}
EMBED = {**EXTERNAL, "externalModel": {"task": "llm/v1/embeddings"}}


@pytest.mark.parametrize(
    ("passes", "fails", "message"),
    [
        (endpoint(*[{}] * 15), endpoint(*[{}] * 16), "16 served entities; an endpoint has at most 15"),
        (
            endpoint(variables(30)),
            endpoint(variables(31)),
            'Served entity "e0": 31 environment variables; a served entity has at most 30',
        ),
        (
            endpoint(concurrent(4, 1024)),
            endpoint(concurrent(4, 1028)),
            'Served entity "e0": 1028 concurrent requests; a served entity has at most 1024',
        ),
        (
            endpoint(concurrent(8, 8)),
            endpoint(concurrent(12, 8)),
            'Served entity "e0": min_provisioned_concurrency is 12, more than the maximum of 8',
        ),
        (endpoint(name="my-databricks-"), endpoint(name="Databricks-x"), 'Endpoint "Databricks-x": names with the'),
        (
            endpoint({"workloadType": "GPU_SMALL"}, {}),
            endpoint({**FEATURES, "workloadType": "GPU_SMALL"}),
            'Feature spec "e0" can\'t run on GPU_SMALL: features are served on CPUs',
        ),
        (
            endpoint(FEATURES, FEATURES),
            endpoint({}, FEATURES),
            'An endpoint serves entities of one kind; found model "e0" and feature spec "e1"',
        ),
        (
            endpoint(CHAT, CHAT),
            endpoint(CHAT, {}),
            'An endpoint serves entities of one kind; found external model "e0" and model "e1"',
        ),
        (
            endpoint(CHAT, CHAT),
            endpoint(CHAT, EMBED),
            "All external models of an endpoint have the same task; found llm/v1/chat, llm/v1/embeddings",
        ),
    ],
)
def test_next_value_after_the_limit_fails(passes: Resource, fails: Resource, message: str) -> None:
    assert found(passes) == []
    ((text, advisory),) = found(fails)
    assert (text.startswith(message), advisory) == (True, False), text


def test_undocumented_step_is_advisory() -> None:
    assert found(endpoint(concurrent(0, 8))) == []
    ((text, advisory),) = found(endpoint(concurrent(4, 10)))
    assert (text.partition(";")[0], advisory) == ('Served entity "e0": max_provisioned_concurrency is 10', True)


@pytest.mark.parametrize(
    ("setting", "raised"),
    [("environment_vars", endpoint(variables(40))), ("concurrency_per_model", endpoint(concurrent(4, 2048)))],
)
def test_raised_limit_is_a_setting(setting: str, raised: Resource) -> None:
    (violation,) = LIMITS_RULE.check(raised, LIMITS_RULE.with_defaults({}))
    assert f"`serving-limits: {{{setting}: NUMBER}}`" in violation.fixes[-1]
    assert found(raised, **{setting: 2048.0}) == []


def test_sum_over_the_stack_has_a_limit() -> None:
    half = [endpoint(concurrent(4, 1024), concurrent(4, 1024), name=name) for name in ("a", "b")]
    assert across(LIMITS_RULE, *half) == []
    (violation,) = across(LIMITS_RULE, *half, endpoint({"workloadSize": "Small"}, name="c"))
    assert violation.message.startswith("The stack: 4100 concurrent requests; a workspace has at most 4096")
    assert across(LIMITS_RULE, *half, *half[:1], concurrency_per_workspace=9000) == []


def test_unknown_values_pass() -> None:
    unknown = endpoint({"environmentVars": UNKNOWN, "entityName": UNKNOWN, **concurrent(UNKNOWN, UNKNOWN)}, FEATURES)
    assert found(unknown) == []
    assert found(Resource(MODEL_SERVING, "x", "urn:x", {"name": UNKNOWN, "config": UNKNOWN})) == []


@pytest.mark.parametrize(
    ("listed", "new", "message", "advisory"),
    [
        (898, 1, "", True),
        (899, 1, "Endpoints in the workspace: 899 -> 900 of 1000, 1 of them new", True),
        (999, 1, "Endpoints in the workspace: 999 -> 1000 of 1000, 1 of them new", True),
        (998, 3, "Endpoints in the workspace: 998 -> 1001 of 1000, 3 of them new", False),
        (1000, 0, "", True),
    ],
)
def test_quota_is_reported_near_its_end(
    monkeypatch: pytest.MonkeyPatch, listed: int, new: int, message: str, advisory: bool
) -> None:
    names = frozenset(f"live-{number}" for number in range(listed))
    monkeypatch.setattr(quotas, "listed_names", lambda *_, **__: names)
    declared = [endpoint(name="Live-0"), *(endpoint(name=f"new-{number}") for number in range(new))]
    violations = across(QUOTA, *declared)
    assert [each.advisory for each in violations] == ([advisory] if message else [])
    assert all(each.message.startswith(message) for each in violations)
    assert across(QUOTA, *declared, endpoints=5000) == []


def test_unlisted_workspace_has_no_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> frozenset[str]:
        raise UnreadableError("403")

    monkeypatch.setattr(quotas, "listed_names", refuse)
    assert across(QUOTA, endpoint(name="new")) == []


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (endpoint({"workloadSize": "Medium"}, {"workloadSize": "Medium"}), ""),
        (endpoint({"workloadSize": "Large"}), "The new endpoint is planned for 64 concurrent requests without"),
        (endpoint(concurrent(4, 64), routeOptimized=False), "The new endpoint is planned for 64 concurrent"),
        (endpoint({"workloadSize": "Large"}, routeOptimized=True), ""),
        (endpoint({"scaleToZeroEnabled": True}, routeOptimized=True), "The new endpoint is route optimized, which is"),
        (endpoint({"scaleToZeroEnabled": True}), ""),
        (endpoint({"workloadSize": "Large"}, routeOptimized=UNKNOWN), ""),
    ],
)
def test_route_optimization_is_advised_where_it_pays(
    monkeypatch: pytest.MonkeyPatch, resource: Resource, message: str
) -> None:
    for live, expected in ((None, bool(message)), (object(), False)):
        monkeypatch.setattr(live_resource, "live_endpoint", lambda *_, live=live, **__: live)
        violations = list(CHOICE.check(resource, {}))
        assert [(each.advisory, each.message.startswith(message)) for each in violations] == [(True, True)] * expected


def test_each_limit_has_a_source() -> None:
    assert all(each.value > 0 and each.source and each.known for each in LIMITS)
