"""Whether an endpoint of a migration may be deleted: by its tables, its metrics, and `replace_id`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
import pytest

from model_serving.components.succession.recorded_families import Member, Retirement
from model_serving.components.succession.retirement import RetirementRefusedError, require_quiet
from model_serving.spec import Stack
from model_serving.spec.succession import declared_endpoints

WAREHOUSE = "0123456789abcdef"
TRACKED = {"ai_gateway": {"usage_tracking_config": {"enabled": True}}}
ENDPOINTS = "/api/2.0/serving-endpoints"
ADMIN = "admin@example.com"
QUIET = 7200


class Predecessor:
    """The live endpoint `dev-fraud`, which a stack no longer declares."""

    def __init__(self, frozen: Any, members: dict[str, Any]) -> None:
        entity = {"name": "one", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
        made = {"name": "dev-fraud", **members, "config": {"served_entities": [entity]}}
        self.frozen, self.id = frozen, frozen.call("POST", ENDPOINTS, made)["id"]
        if not any(each["name"] == "dev-fraud-2" for each in frozen.call("GET", ENDPOINTS)["endpoints"]):
            frozen.endpoint("dev-fraud-2")
        frozen.clock.advance(60)

    def ask(self) -> None:
        self.frozen.call("POST", "/serving-endpoints/dev-fraud/invocations", {"inputs": [1]})

    def retire(
        self, *, warehouse: str = WAREHOUSE, is_preview: bool = False, replace_id: str | None = None, **settings: Any
    ) -> str:
        """The error; empty if the endpoint may be deleted."""
        entities = {"one": {"entity": "main.ml.fraud", "version": "7"}}
        declared = {"name": "fraud-2", "served_entities": entities, "replace_id": replace_id}
        stack = Stack.model_validate({"name_prefix": "dev-", "endpoints": {"fraud": declared}})
        (heir,) = declared_endpoints(stack)
        retired = Retirement(heir, Member("fraud", "dev-fraud", self.id))
        since = datetime.fromtimestamp(self.frozen.clock.now(), UTC) - timedelta(seconds=QUIET)
        try:
            require_quiet(
                retired,
                settings or self.frozen.settings(),
                since,
                warehouse,
                stack="prod",
                is_preview=is_preview,
            )
        except RetirementRefusedError as refused:
            return str(refused)
        return ""


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The messages of the program by severity."""
    messages: dict[str, list[str]] = {"warn": [], "info": []}
    for severity, seen in messages.items():
        monkeypatch.setattr(pulumi.log, severity, seen.append)
    return messages


def test_a_called_endpoint_is_not_retired(frozen: Any) -> None:
    predecessor = Predecessor(frozen, TRACKED)
    predecessor.ask()
    refused = predecessor.retire()
    head, *_, keep, force = refused.splitlines()
    assert head.startswith('Endpoint "dev-fraud" can\'t be retired: 1 request since 2026-09-21 ')
    assert head.endswith(f", from {ADMIN} (1).")
    assert "  system.serving.endpoint_usage" in refused
    assert "  The metrics have the last full minute" in refused
    assert "\nfield: predecessor\n" in refused
    assert keep == (
        'fix: Declare `predecessor: {name: fraud, ...}` again until its callers use "dev-fraud-2". Who still calls it:'
        " `model-serving migrate fraud --status --stack prod`"
    )
    assert f"`replace_id: {predecessor.id}` on the endpoint in the stack's own file" in force


def test_an_endpoint_may_be_retired_after_its_last_request(frozen: Any, logged: dict[str, list[str]]) -> None:
    predecessor = Predecessor(frozen, TRACKED)
    predecessor.ask()
    frozen.clock.advance(QUIET + 1)
    assert predecessor.retire() == ""
    (message,) = logged["info"]
    assert message.startswith('Endpoint "dev-fraud" can be retired: no request since 2026-09-21 ')


def test_requests_of_the_last_minute_suffice(frozen: Any, logged: dict[str, list[str]]) -> None:
    predecessor = Predecessor(frozen, {})
    predecessor.ask()
    frozen.clock.advance(60)
    assert "can't be retired: 1 request since " in predecessor.retire(warehouse="")
    frozen.clock.advance(60)
    assert predecessor.retire(warehouse="") == ""
    (message,) = logged["warn"]
    assert "has neither an inference table nor usage tracking" in message


def test_replace_id_retires_a_called_endpoint(frozen: Any) -> None:
    predecessor = Predecessor(frozen, TRACKED)
    predecessor.ask()
    assert predecessor.retire(replace_id=predecessor.id) == ""
    assert predecessor.retire(replace_id="another") != ""


@pytest.mark.parametrize("state", ["stopped", "deleted"])
def test_the_endpoint_that_stays_must_be_ready(frozen: Any, state: str) -> None:
    predecessor, successor = Predecessor(frozen, {}), f"{ENDPOINTS}/dev-fraud-2"
    frozen.call(*(("POST", f"{successor}/config:stop") if state == "stopped" else ("DELETE", successor)))
    frozen.clock.advance(60)
    refused = predecessor.retire()
    assert refused.startswith('Endpoint "dev-fraud" can\'t be retired: "dev-fraud-2", which stays, is not ready.\n')
    assert "`model-serving status fraud --stack prod`" in refused
    assert predecessor.retire(replace_id=predecessor.id) == ""


def test_a_stopped_endpoint_may_be_retired(frozen: Any) -> None:
    predecessor = Predecessor(frozen, TRACKED)
    predecessor.ask()
    frozen.call("POST", f"{ENDPOINTS}/dev-fraud/config:stop")
    frozen.clock.advance(60)
    assert predecessor.retire() == ""


def test_a_deleted_endpoint_may_be_retired(frozen: Any) -> None:
    predecessor = Predecessor(frozen, {})
    frozen.call("DELETE", f"{ENDPOINTS}/dev-fraud")
    assert predecessor.retire() == ""


def test_an_endpoint_of_somebody_else_is_not_deleted(frozen: Any) -> None:
    predecessor = Predecessor(frozen, {})
    frozen.call("DELETE", f"{ENDPOINTS}/dev-fraud")
    predecessor.id, again = predecessor.id, Predecessor(frozen, {})
    refused = predecessor.retire()
    assert f"it was deleted and created again outside of Pulumi, by {ADMIN}. Its id is {again.id}" in refused
    assert "pulumi refresh --stack prod" in refused


@pytest.mark.parametrize("is_preview", [True, False], ids=["preview", "up"])
def test_only_up_insists_on_knowing(frozen: Any, logged: dict[str, list[str]], *, is_preview: bool) -> None:
    predecessor = Predecessor(frozen, {})
    _, no_rights = frozen.principal()
    refused = predecessor.retire(is_preview=is_preview, **no_rights)
    messages = "\n".join([refused, *logged["warn"]])
    assert 'Whether endpoint "dev-fraud" may be retired is not known.' in messages
    assert bool(refused) is not is_preview
    assert messages.endswith("and refuses if that stays so") is is_preview
