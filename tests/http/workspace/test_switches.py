"""Switches and quotas."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from model_serving.workspace.admin.switches import DEFAULTS, SWITCHES, SwitchError, parse_switches
from model_serving.workspace.serving.quotas import LimitError, Limits, parse_limits

Build = Callable[..., dict[str, Any]]
ENDPOINTS = "/api/2.0/serving-endpoints"
ROWS = {"inputs": [1]}


def absent_scale_to_zero(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del endpoint
    made = {"name": "new", "config": {"served_entities": [entity(scale_to_zero_enabled=None)]}}
    answer: httpx.Response = workspace.http().post(ENDPOINTS, json=made)
    return answer


def duplicate_name(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del entity
    endpoint("fraud")
    answer: httpx.Response = workspace.http().post(ENDPOINTS, json={"name": "fraud"})
    return answer


def delete_while_updating(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    endpoint("fraud")
    workspace.http().put(f"{ENDPOINTS}/fraud/config", json={"served_entities": [entity(entity_version="8")]})
    answer: httpx.Response = workspace.http().delete(f"{ENDPOINTS}/fraud")
    return answer


def query_before_deployment(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del endpoint, entity
    workspace.http().post(ENDPOINTS, json={"name": "new"})
    answer: httpx.Response = workspace.http().post("/serving-endpoints/new/invocations", json=ROWS)
    return answer


def token_of_another_endpoint(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del entity
    other, made = endpoint("other", route_optimized=True), endpoint("fraud", route_optimized=True)
    details = other["data_plane_info"]["query_info"]["authorization_details"]
    client = workspace.http(workspace.oauth_token(authorization_details=details))
    answer: httpx.Response = client.post(made["endpoint_url"], json=ROWS)
    return answer


def permissions_of_a_deleted_endpoint(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del entity
    made = endpoint("fraud")
    workspace.http().delete(f"{ENDPOINTS}/fraud")
    answer: httpx.Response = workspace.http().get(f"/api/2.0/permissions/serving-endpoints/{made['id']}")
    return answer


def permissions_of_a_deleted_principal(workspace: Any, endpoint: Build, entity: Build) -> list[str]:
    """The service principals in the access list after one of them was deleted."""
    del entity
    http, path = workspace.http(), f"/api/2.0/permissions/serving-endpoints/{endpoint('fraud')['id']}"
    made = http.post("/api/2.0/preview/scim/v2/ServicePrincipals", json={"displayName": "checkout"}).json()
    entry = {"service_principal_name": made["applicationId"], "permission_level": "CAN_QUERY"}
    http.patch(path, json={"access_control_list": [entry]}).raise_for_status()
    http.delete(f"/api/2.0/preview/scim/v2/ServicePrincipals/{made['id']}").raise_for_status()
    listed = [each.get("service_principal_name") for each in http.get(path).json()["access_control_list"]]
    return ["deleted" for each in listed if each == made["applicationId"]]


def access_list_readers(workspace: Any, endpoint: Build, entity: Build) -> int:
    """The status for somebody with CAN_VIEW."""
    del entity
    reader, path = (
        workspace.user("ann@example.com"),
        f"/api/2.0/permissions/serving-endpoints/{endpoint('fraud')['id']}",
    )
    entry = {"user_name": "ann@example.com", "permission_level": "CAN_VIEW"}
    workspace.http().patch(path, json={"access_control_list": [entry]}).raise_for_status()
    return int(workspace.http(reader).get(path).status_code)


def grants_of_others(workspace: Any, endpoint: Build, entity: Build) -> list[str]:
    """Whose grants a user sees that has one of two."""
    del endpoint, entity
    reader, path = workspace.user("ann@example.com"), "/api/2.1/unity-catalog/permissions/catalog/main"
    changes = [{"principal": name, "add": ["USE_CATALOG"]} for name in ("ann@example.com", "account users")]
    workspace.http().patch(path, json={"changes": changes}).raise_for_status()
    workspace.user("bob@example.com")
    bob = {"changes": [{"principal": "bob@example.com", "add": ["USE_CATALOG"]}]}
    workspace.http().patch(path, json=bob).raise_for_status()
    found = workspace.http(reader).get(path).json()["privilege_assignments"]
    return sorted(entry["principal"] for entry in found if "bob" in entry["principal"] or "ann" in entry["principal"])


def entity_of_a_route_optimized_endpoint(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del entity
    made = endpoint("fraud", route_optimized=True)
    details = made["data_plane_info"]["query_info"]["authorization_details"]
    url = made["endpoint_url"].replace("/invocations", "/served-models/fraud-7/invocations")
    client = workspace.http(workspace.oauth_token(authorization_details=details))
    answer: httpx.Response = client.post(url, json=ROWS)
    return answer


def direct_url(workspace: Any, endpoint: Build, entity: Build) -> list[bool]:
    """Whether a read has the URL: after the first deployment, and three seconds later."""
    del entity
    at_once = endpoint("fraud", route_optimized=True)
    workspace.clock.advance(3)
    later = workspace.http().get(f"{ENDPOINTS}/fraud").json()
    return ["endpoint_url" in each and "data_plane_info" in each for each in (at_once, later)]


def concurrency_between_steps(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del endpoint
    between = entity(workload_size=None, min_provisioned_concurrency=4, max_provisioned_concurrency=10)
    body = {"name": "fraud", "config": {"served_entities": [between]}}
    answer: httpx.Response = workspace.http().post(ENDPOINTS, json=body)
    return answer


def update_of_a_stopped_endpoint(workspace: Any, endpoint: Build, entity: Build) -> tuple[str, str]:
    """Whether the endpoint is stopped when the update has ended, and the version of its entity."""
    endpoint("fraud")
    workspace.http().post(f"{ENDPOINTS}/fraud/config:stop").raise_for_status()
    workspace.http().put(f"{ENDPOINTS}/fraud/config", json={"served_entities": [entity(entity_version="8")]})
    workspace.deploy()
    found = workspace.http().get(f"{ENDPOINTS}/fraud").json()
    return found["state"]["suspend"], found["config"]["served_entities"][0]["entity_version"]


def stop_of_a_route_optimized_endpoint(workspace: Any, endpoint: Build, entity: Build) -> httpx.Response:
    del entity
    endpoint("fraud", route_optimized=True)
    answer: httpx.Response = workspace.http().post(f"{ENDPOINTS}/fraud/config:stop")
    return answer


def missing_endpoint(workspace: Any, endpoint: Build, entity: Build) -> str | None:
    """The code of a 404."""
    del endpoint, entity
    answer = workspace.http().get(f"{ENDPOINTS}/nobody")
    assert answer.status_code == 404
    assert answer.json()["message"] == "Endpoint with name 'nobody' does not exist."
    return str(answer.json()["error_code"]) if "error_code" in answer.json() else None


ANSWERS: dict[Callable[..., Any], dict[str, Any]] = {
    absent_scale_to_zero: {"false": 200, "refused": 400},
    duplicate_name: {"400": 400, "409": 409},
    delete_while_updating: {"allowed": 200, "409": 409},
    query_before_deployment: {"400": 400, "404": 404},
    token_of_another_endpoint: {"403": 403, "401": 401},
    permissions_of_a_deleted_endpoint: {"200": 200, "404": 404},
    permissions_of_a_deleted_principal: {"gone": [], "kept": ["deleted"]},
    access_list_readers: {"CAN_VIEW": 200, "CAN_MANAGE": 403},
    grants_of_others: {"shown": ["ann@example.com", "bob@example.com"], "hidden": ["ann@example.com"]},
    entity_of_a_route_optimized_endpoint: {"200": 200, "404": 404},
    direct_url: {"at-once": [True, True], "later": [False, True]},
    concurrency_between_steps: {"refused": 400, "accepted": 200},
    update_of_a_stopped_endpoint: {"starts": ("NOT_SUSPENDED", "8"), "stays-stopped": ("STOPPED", "8")},
    stop_of_a_route_optimized_endpoint: {"allowed": 200, "refused": 400},
    missing_endpoint: {"with-code": "RESOURCE_DOES_NOT_EXIST", "without-code": None},
}
"""The expected result of each answer, a status unless stated otherwise."""
CASES = [
    pytest.param(ask, answer, seen, id=f"{ask.__name__}={answer}")
    for ask, answers in ANSWERS.items()
    for answer, seen in answers.items()
]


@pytest.mark.parametrize(("ask", "answer", "seen"), CASES)
def test_switch_changes_the_response(
    workspace: Any,
    endpoint: Build,
    entity: Build,
    ask: Callable[..., Any],
    answer: str,
    seen: Any,
) -> None:
    workspace.restart(switches=parse_switches([f"{ask.__name__.replace('_', '-')}={answer}"]))
    found = ask(workspace, endpoint, entity)
    assert (found.status_code if isinstance(found, httpx.Response) else found) == seen


def test_every_switch_answer_is_tested() -> None:
    tried = {ask.__name__.replace("_", "-"): tuple(answers) for ask, answers in ANSWERS.items()}
    assert tried == {switch.name: switch.answers for switch in SWITCHES}


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [("dup=1", "Unknown switch 'dup', allowed: "), ("duplicate-name=500", "allowed: 400, 409")],
)
def test_unknown_switch_is_rejected(choice: str, sentence: str) -> None:
    with pytest.raises(SwitchError, match=sentence):
        parse_switches([choice])
    assert parse_switches([]) == DEFAULTS


def test_limits_can_be_set() -> None:
    assert parse_limits(["changes=3", "endpoints=2"]) == replace(Limits(), changes=3, endpoints=2)
    for wrong, sentence in (("pods=1", "Unknown limit 'pods'"), ("changes=many", "must be a whole number")):
        with pytest.raises(LimitError, match=sentence):
            parse_limits([wrong])


def test_full_workspace_rejects_new_endpoints(workspace: Any, http: httpx.Client, endpoint: Build) -> None:
    workspace.restart(limits=Limits(endpoints=1))
    endpoint("fraud")
    refused = http.post(ENDPOINTS, json={"name": "other"})
    assert refused.status_code == 400
    assert refused.json()["message"] == "The workspace has reached its limit of 1 serving endpoints."


def test_too_many_changes_must_wait(workspace: Any, http: httpx.Client, endpoint: Build, entity: Build) -> None:
    workspace.restart(limits=Limits(changes=2))
    endpoint("first")
    endpoint("second")
    config = {"served_entities": [entity(entity_version="8")]}
    refused = http.put(f"{ENDPOINTS}/first/config", json=config)
    # two deployments of 10 seconds ago, the first change leaves the window of 300 in 280
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "280")
    assert refused.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    workspace.clock.advance(280)
    assert http.put(f"{ENDPOINTS}/first/config", json=config).status_code == 200


def test_environment_variables_are_limited(http: httpx.Client, entity: Build) -> None:
    variables = {f"V{number}": "1" for number in range(31)}
    refused = http.post(
        ENDPOINTS, json={"name": "new", "config": {"served_entities": [entity(environment_vars=variables)]}}
    )
    assert refused.json()["message"] == "A served entity can have at most 30 environment variables."
