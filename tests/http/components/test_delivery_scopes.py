"""The preflight of secret scopes: missing, existing already, or not for the caller."""

from typing import Any

from model_serving.components.engine.state import State, StateResource
from model_serving.components.from_spec import principal_args
from model_serving.components.preflight.delivery_scopes import check_delivery_scopes
from model_serving.components.preflight.report import PreflightReport
from model_serving.databricks.resource_types import SECRET_SCOPE
from model_serving.spec.vocabulary.stack import Stack

SECRETS = "/api/2.0/secrets"
PLACE = ("service_principals", "checkout", "oauth_secret", "deliver", "secret_scope")


def check(
    settings: dict[str, Any], *scopes: str, created: State | None = None, is_preview: bool = False
) -> PreflightReport:
    """The report on a stack that delivers to `risk`, and creates these scopes."""
    deliver = {"deliver": {"secret_scope": "risk"}}
    declared = {
        "service_principals": {"checkout": {"display_name": "shop", "oauth_secret": deliver}},
        "secret_scopes": {name: {} for name in scopes},
    }
    stack = Stack.model_validate(declared)
    principals = {"checkout": principal_args(stack, "checkout")}
    return check_delivery_scopes(stack, principals, created or State(), settings, is_preview=is_preview)


def create(frozen: Any, name: str) -> None:
    frozen.call("POST", f"{SECRETS}/scopes/create", {"scope": name})


def test_missing_scope_is_a_problem(frozen: Any) -> None:
    (problem,) = check(frozen.settings()).problems
    hint = "Declare it under secret_scopes, or create it: databricks secrets create-scope risk"
    assert problem == (PLACE, 'there is no secret scope "risk"', hint)


def test_scope_of_the_stack_may_be_missing(frozen: Any) -> None:
    assert check(frozen.settings(), "risk") == PreflightReport()


def test_existing_scope_is_enough(frozen: Any) -> None:
    create(frozen, "risk")
    assert check(frozen.settings()) == PreflightReport()


def test_scope_to_create_must_not_exist(frozen: Any) -> None:
    create(frozen, "risk")
    (problem,) = check(frozen.settings(), "risk").problems
    assert problem[:2] == (("secret_scopes", "risk"), 'secret scope "risk" exists already')
    own = State((StateResource("urn", SECRET_SCOPE, {"id": "risk"}),))
    assert check(frozen.settings(), "risk", created=own) == PreflightReport()


def test_scope_that_is_deleted_gets_no_delivery(frozen: Any) -> None:
    create(frozen, "risk")
    own = State((StateResource("urn", SECRET_SCOPE, {"id": "risk"}),))
    (problem,) = check(frozen.settings(), created=own).problems
    message = 'secret scope "risk" is no longer in secret_scopes, so it would be deleted'
    assert problem == (PLACE, message, "Keep it there, or deliver to another scope")


def test_deployer_without_rights_is_refused(frozen: Any) -> None:
    create(frozen, "risk")
    name, settings = frozen.principal()
    (problem,) = check(settings).problems
    hint = f"Give it WRITE: databricks secrets put-acl risk {name} WRITE"
    assert problem == (PLACE, f'{name} may not write secret scope "risk"', hint)
    frozen.call("POST", f"{SECRETS}/acls/put", {"scope": "risk", "principal": name, "permission": "WRITE"})
    assert check(settings) == PreflightReport()


def test_reader_without_rights_is_only_warned(frozen: Any) -> None:
    create(frozen, "risk")
    name, settings = frozen.principal()
    report = check(settings, is_preview=True)
    assert report.problems == []
    assert report.warnings == [
        f'{name} may not read secret scope "risk". Whether the deployer may write it was not checked'
    ]


def test_stack_without_deliveries_sends_no_request(frozen: Any) -> None:
    stack = Stack.model_validate({"service_principals": {"checkout": {"display_name": "shop", "oauth_secret": True}}})
    principals = {"checkout": principal_args(stack, "checkout")}
    check_delivery_scopes(stack, principals, State(), {"host": "http://127.0.0.1:1"}, is_preview=False)
    assert frozen.requests(f"{SECRETS}/list") == []
