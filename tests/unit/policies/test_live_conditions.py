"""The rules on conditions that no change shows: each with a case that passes and cases that fail."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.resource_types import (
    ENDPOINT_ACCESS,
    ENDPOINT_STOP,
    MODEL_SERVING,
    PERMISSIONS,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_SECRET,
)
from model_serving.policies.live import LiveEndpoint, UnreadableError
from model_serving.policies.pack.input_values import UNKNOWN
from model_serving.policies.pack.rule import Registered, Resource
from model_serving.policies.rules import RULES, live_resource

BY_NAME = {rule.name: rule for rule in RULES}
RUNNER, DEPLOYER = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "12")
ENTITY = {"name": "current", "entityName": "main.ml.iris", "entityVersion": "3"}
SERVING = {
    "name": "iris",
    "state": {"ready": "READY", "config_update": "NOT_UPDATING", "suspend": "NOT_SUSPENDED"},
    "last_updated_timestamp": 1_790_000_000_000,
    "config": {
        "served_entities": [
            {
                "name": "current",
                "entity_name": "main.ml.iris",
                "entity_version": "2",
                "state": {"deployment": "DEPLOYMENT_READY", "deployment_state_message": "Scaled to zero"},
            }
        ]
    },
}
FAILED = {
    **SERVING,
    "state": {"ready": "READY", "config_update": "UPDATE_FAILED"},
    "pending_config": {
        "served_entities": [
            {
                "name": "current",
                "entity_name": "main.ml.iris",
                "entity_version": "3",
                "state": {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": "no numpy"},
            }
        ]
    },
}


LIVE = LiveEndpoint("iris", "e1", route_optimized=False, creator=DEPLOYER, answer=SERVING)


@dataclass
class Workspace:
    """What the workspace answers: an endpoint, and its access list or why that can't be read."""

    live: LiveEndpoint | None = LIVE
    entries: list[dict[str, Any]] | UnreadableError = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def start(self, paths: Iterable[str]) -> None:
        self.started += paths

    def find(self, path: str) -> dict[str, Any] | None:
        if path != access_list_path("e1"):
            return None
        if isinstance(self.entries, UnreadableError):
            raise self.entries
        return {"access_control_list": self.entries}


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Workspace:
    found = Workspace()
    monkeypatch.setattr(live_resource, "live_endpoint", lambda *_, **__: found.live)
    monkeypatch.setattr(live_resource, "live_workspace", lambda *_, **__: found)
    return found


def endpoint(stack: str = "dev", **spec: Any) -> Resource:
    inputs = {"name": "iris", "config": {"servedEntities": [ENTITY]}}
    return Resource(MODEL_SERVING, "iris", "urn:iris", inputs, stack=stack, stack_spec=spec)


def reported(rule: str, *resources: Resource, **settings: Any) -> list[str]:
    """The messages on these resources; whatever follows the first depends on it."""
    found, given = BY_NAME[rule], BY_NAME[rule].with_defaults(settings)
    messages = [each.text for resource in resources for each in found.check(resource, given)]
    if found.check_stack:
        registered = [Registered(each, (resources[0].urn,) if number else ()) for number, each in enumerate(resources)]
        messages += [violation.text for _, violation in found.check_stack(registered, given)]
    return messages


UPDATING = replace(LIVE, answer={**SERVING, "state": {"ready": "READY", "config_update": "IN_PROGRESS"}})


@pytest.mark.parametrize("live", [None, LIVE, UPDATING], ids=["new", "serving", "updating"])
def test_serving_endpoint_passes(workspace: Workspace, live: LiveEndpoint | None) -> None:
    workspace.live = live
    assert reported("endpoints-serve", endpoint()) == []


@pytest.mark.parametrize(
    ("answer", "start"),
    [
        (
            {**SERVING, "state": {"ready": "NOT_READY", "suspend": "STOPPED"}},
            'Endpoint "iris" is stopped (last changed on 2026-09-21 14:13 UTC): every request is answered 400',
        ),
        ({**SERVING, "state": {"ready": "NOT_READY"}}, 'Endpoint "iris" is not ready: it answers no requests'),
        (
            FAILED,
            'The last update of endpoint "iris" failed:\n  "current" (main.ml.iris v3) DEPLOYMENT_FAILED: no numpy',
        ),
        ({**FAILED, "config": None}, 'The first deployment of endpoint "iris" failed:\n'),
    ],
    ids=["stopped", "not ready", "failed update", "failed creation"],
)
def test_endpoint_that_does_not_serve_is_reported(workspace: Workspace, answer: dict[str, Any], start: str) -> None:
    workspace.live = replace(LIVE, answer=answer)
    (message,) = reported("endpoints-serve", endpoint())
    assert message.startswith(start)


STOPPED_ANSWER = {**SERVING, "state": {"ready": "NOT_READY", "suspend": "STOPPED"}}
STOP = Resource(ENDPOINT_STOP, "iris-stop", "urn:stop", {"stopped": True})


def test_declared_stop_passes(workspace: Workspace) -> None:
    workspace.live = replace(LIVE, answer=STOPPED_ANSWER)
    assert reported("endpoints-serve", endpoint(), STOP) == []


def test_stop_that_nobody_declared_names_the_way_out(workspace: Workspace) -> None:
    workspace.live = replace(LIVE, answer=STOPPED_ANSWER)
    (from_files,) = reported("endpoints-serve", endpoint(stack="prod", endpoints={"iris": {}}))
    assert "model-serving start iris --stack prod" in from_files
    assert "Declare `stopped: true`" in from_files
    (from_program,) = reported("endpoints-serve", endpoint())
    assert "databricks api post /api/2.0/serving-endpoints/iris/config:start" in from_program


@pytest.mark.parametrize(("optimized", "messages"), [(True, 1), (False, 0), (UNKNOWN, 0)])
def test_stop_of_an_optimized_endpoint_is_advice(optimized: Any, messages: int) -> None:
    declared = endpoint()
    declared = replace(declared, inputs={**declared.inputs, "routeOptimized": optimized})
    assert len(reported("stop-supported", declared, STOP)) == messages
    assert reported("stop-supported", declared) == []


def entry(level: str, inherited: bool = False, **member: str) -> dict[str, Any]:
    return {**member, "all_permissions": [{"permission_level": level, "inherited": inherited}]}


ML = entry("CAN_QUERY", group_name="ml")
OWN = [
    entry("CAN_MANAGE", group_name="admins", inherited=True),
    entry("CAN_MANAGE", service_principal_name=DEPLOYER),
    entry("CAN_VIEW", inherited=True, group_name="everyone"),
]
DECLARED = {"groupName": "ml", "permissionLevel": "CAN_QUERY"}


def granted(*entries: dict[str, Any], kind: str = PERMISSIONS) -> Resource:
    return Resource(kind, "iris-permissions", "urn:grant", {"accessControls": list(entries)})


def test_declared_and_own_permissions_pass(workspace: Workspace) -> None:
    workspace.entries = [*OWN, ML]
    assert reported("no-undeclared-permissions", endpoint(), granted(DECLARED)) == []
    assert workspace.started == [access_list_path("e1")]


@pytest.mark.parametrize(
    ("live", "resources", "message"),
    [
        (
            ML,
            [granted(kind=ENDPOINT_ACCESS)],
            'has permissions that are not declared: group "ml" has CAN_QUERY\nfix: Remove them: pulumi up',
        ),
        (
            entry("CAN_MANAGE", group_name="ml"),
            [granted(DECLARED)],
            'not declared: group "ml" has CAN_MANAGE\nfix: Remove them: pulumi up --refresh',
        ),
        (
            entry("CAN_MANAGE", user_name="Ann@example.com"),
            [granted(DECLARED)],
            "\nfix: Declare the identity that deploys as `model-serving:deployer`",
        ),
        (ML, [], 'Permissions of endpoint "iris" were granted by hand: group "ml" has CAN_QUERY'),
    ],
    ids=["empty list", "another level", "manager", "unmanaged"],
)
def test_undeclared_permission_is_reported(
    workspace: Workspace, live: dict[str, Any], resources: list[Resource], message: str
) -> None:
    workspace.entries = [*OWN, live]
    (found,) = reported("no-undeclared-permissions", endpoint(), *resources)
    assert message in found


def test_declared_deployer_may_manage(workspace: Workspace) -> None:
    workspace.entries = [*OWN, entry("CAN_MANAGE", service_principal_name=RUNNER)]
    assert reported("no-undeclared-permissions", endpoint(deployer=RUNNER), granted(DECLARED)) == []


def test_unreadable_lists_are_named_once(workspace: Workspace) -> None:
    workspace.entries = UnreadableError("no permission 'View'")
    other = replace(endpoint(), urn="urn:other", inputs={"name": "other"})
    assert reported("no-undeclared-permissions", endpoint(), other) == []
    assert reported("permissions-readable", endpoint(), other) == [
        'The permissions of "iris", "other" could not be read, so nobody compared them (no permission \'View\')'
    ]


@pytest.mark.parametrize("kind", [PERMISSIONS, ENDPOINT_ACCESS])
def test_declared_list_is_managed(kind: str) -> None:
    assert reported("permissions-declared", endpoint(), granted(kind=kind)) == []


def test_absent_list_is_not_managed() -> None:
    (message,) = reported("permissions-declared", endpoint())
    assert message.startswith('Permissions of endpoint "iris" are not managed: whoever has access got it by hand')


def served_by(**principal: Any) -> dict[str, Any]:
    return {"service_principals": {"runner": {"serves": ["iris"], **principal}}}


def test_existing_serving_principal_passes() -> None:
    assert reported("serving-principals-exist", endpoint(**served_by(application_id=RUNNER))) == []


def test_created_serving_principal_is_reported() -> None:
    (message,) = reported("serving-principals-exist", endpoint(**served_by(display_name="runner")))
    assert message.startswith('Service principal "runner" `serves` endpoint "iris", and this stack creates it')


@pytest.mark.parametrize(
    "spec",
    [{}, {"deployer": DEPLOYER}, served_by(application_id=DEPLOYER.upper()), served_by(display_name="runner")],
    ids=["nothing declared", "deployer", "serves", "created by an earlier run"],
)
def test_declared_creator_passes(workspace: Workspace, spec: dict[str, Any]) -> None:
    workspace.live = replace(LIVE, creator=DEPLOYER)
    created = Resource(SERVICE_PRINCIPAL, "runner", "urn:runner", {"applicationId": DEPLOYER})
    assert reported("runs-as-declared", endpoint(**spec), created) == []


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (served_by(application_id=RUNNER), f'service principal "runner" ({RUNNER})'),
        ({"deployer": RUNNER}, f"the deployer ({RUNNER})"),
    ],
    ids=["serves", "deployer"],
)
def test_other_creator_is_reported(workspace: Workspace, spec: dict[str, Any], wanted: str) -> None:
    workspace.live = replace(LIVE, creator="ann@example.com", creator_kind="User")
    (message,) = reported("runs-as-declared", endpoint(**spec))
    assert message.startswith(f'Endpoint "iris" runs as its creator ann@example.com, and not as {wanted}: it reads')


def test_new_endpoint_of_another_deployer_is_reported(workspace: Workspace) -> None:
    workspace.live = None
    spec = served_by(application_id=RUNNER)
    assert reported("runs-as-declared", endpoint(**spec)) == []
    assert reported("runs-as-declared", endpoint(**spec, deployer=RUNNER)) == []
    (message,) = reported("runs-as-declared", endpoint(**spec, deployer=DEPLOYER))
    assert message.startswith(f'Endpoint "iris" would run as the deployer {DEPLOYER}, and not as service principal')


ALIAS: dict[str, Any] = {"endpoints": {"iris": {"served_entities": {"current": {"entity": "main.ml.iris@Champion"}}}}}


def test_moved_alias_has_both_versions(workspace: Workspace) -> None:
    (message,) = reported("aliases-stay", endpoint(**ALIAS))
    assert message.startswith('Alias "Champion" of main.ml.iris moved from version 2 to 3: `up` deploys version 3')
    workspace.live = None
    assert reported("aliases-stay", endpoint(**ALIAS)) == []


@pytest.mark.parametrize("version", ["2", UNKNOWN], ids=["deployed", "unknown"])
@pytest.mark.usefixtures("workspace")
def test_alias_that_stayed_passes(version: Any) -> None:
    inputs = {"name": "iris", "config": {"servedEntities": [{**ENTITY, "entityVersion": version}]}}
    assert reported("aliases-stay", replace(endpoint(**ALIAS), inputs=inputs)) == []


@pytest.mark.usefixtures("workspace")
def test_edited_version_is_no_moved_alias() -> None:
    edited: dict[str, Any] = {
        "endpoints": {"iris": {"served_entities": {"current": {"entity": "main.ml.iris", "version": "3"}}}}
    }
    assert reported("aliases-stay", endpoint(**edited)) == []
    assert reported("aliases-named", endpoint(**edited)) == []


def test_followed_alias_is_mentioned() -> None:
    (message,) = reported("aliases-named", endpoint(**ALIAS))
    assert message.startswith('Served entity "current" follows the alias "Champion" of main.ml.iris, version 3 now: ')
    assert reported("aliases-named", endpoint("prod", **ALIAS)) == []


@pytest.fixture
def secret() -> Callable[..., Resource]:
    def made(days: float | None, generation: int = 1, **inputs: Any) -> Resource:
        """A secret that expires in so many days; None for one that this run creates."""
        name, now = f"checkout-secret-{generation}", datetime.now(UTC)
        times = {"createTime": _rfc3339(now - timedelta(days=100 - generation))}
        if days is not None:
            inputs |= times | {"expireTime": _rfc3339(now + timedelta(days=days, hours=1))}
        urn = f"urn:pulumi:dev::p::model-serving:index:ServicePrincipal$databricks:x::{name}"
        return Resource(SERVICE_PRINCIPAL_SECRET, name, urn, {"servicePrincipalId": "1", **inputs})

    return made


def _rfc3339(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_lasting_secret_passes(secret: Callable[..., Resource]) -> None:
    assert reported("secrets-last", secret(30), secret(None, 2)) == []


def test_secret_near_its_expiry_is_reported(secret: Callable[..., Resource]) -> None:
    (message,) = reported("secrets-last", secret(29))
    assert message.startswith('OAuth secret "checkout-secret-1" expires on 20')
    assert message.endswith(
        ", in 29 days: from then on, whatever signs in with it is refused\nfield: oauth_secret\n"
        "fix: Set `generation: 2` of its `oauth_secret`, deploy, and give the new secret to its callers; both are valid"
        " until then"
    )
    assert reported("secrets-last", secret(29), days=10) == []


def test_expired_secret_is_reported(secret: Callable[..., Resource]) -> None:
    (message,) = reported("secrets-last", secret(-2))
    assert message.startswith('OAuth secret "checkout-secret-1" expired on 20')


@pytest.mark.parametrize("newer", [400, None], ids=["deployed", "created by this run"])
def test_replaced_secret_needs_no_third(secret: Callable[..., Resource], newer: int | None) -> None:
    (message,) = reported("secrets-last", secret(1), secret(newer, 2))
    assert message.endswith("is refused\nfix: Switch callers that still use it to the newer secret")
