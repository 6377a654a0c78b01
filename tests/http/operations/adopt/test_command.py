"""`model-serving adopt`: what it prints and writes, its exit status, and what it asks of the workspace."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from model_serving.cli.main import main
from model_serving.databricks import client
from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.operations.adopt.adopt import read_adoption
from model_serving.operations.adopt.entry import Selection
from model_serving.spec import Stack
from tests.http.operations.adopt.conftest import Adopter, entity
from tests.support.random_endpoints import SEED, inputs_of, make_endpoint, random_fields


def test_the_patch_is_printed_and_nothing_written(adopter: Adopter) -> None:
    adopter.create("fraud-scorer", route_optimized=True)
    before = (adopter.folder / "stacks/Pulumi.dev.yaml").read_text()
    outcome = adopter.run()
    assert outcome.status == 0
    assert outcome.out.startswith("--- a/stacks/Pulumi.dev.yaml\n+++ b/stacks/Pulumi.dev.yaml\n")
    assert "1 of 1 endpoint can be adopted into stack dev" in outcome.err
    assert "fraud-scorer: main.ml.fraud v7; route optimized; made by admin@example.com" in outcome.err
    assert (adopter.folder / "stacks/Pulumi.dev.yaml").read_text() == before
    assert {method.split()[0] for method in adopter.calls()} == {"GET", "POST"}


def test_written_entries_are_declared_twice_by_nobody(adopter: Adopter) -> None:
    identity = adopter.create("fraud-scorer", tags=[{"key": "team", "value": "risk"}])
    assert adopter.run("--write").status == 0
    declared = adopter.spec().endpoints["fraud-scorer"]
    assert (declared.adopt_id, declared.tags, declared.permissions) == (identity, {"team": "risk"}, [])
    again = adopter.run("--write", "--json")
    assert again.status == 0
    assert again.result["adopted"] == []
    assert again.refused == {"fraud-scorer": "declared already"}
    assert again.result["patch"] == ""


def test_principals_become_keys_of_the_stack(adopter: Adopter) -> None:
    application_id, _ = adopter.frozen.principal()
    entries = [
        {"service_principal_name": application_id, "permission_level": "CAN_QUERY"},
        {"group_name": "ml-engineers", "permission_level": "CAN_VIEW"},
    ]
    for name in ("one", "two"):
        path = access_list_path(adopter.create(name))
        adopter.frozen.call("PATCH", path, {"access_control_list": entries})
    assert adopter.run("--write").status == 0
    spec = adopter.spec()
    assert {key: each.application_id for key, each in spec.service_principals.items()} == {"deployer": application_id}
    assert [each.principal for each in spec.endpoints["two"].permissions or ()] == ["deployer", "ml-engineers"]


def test_stack_files_and_states_own_their_endpoints(adopter: Adopter) -> None:
    ids = {name: adopter.create(name) for name in ("declared", "deployed", "elsewhere", "own", "free")}
    adopter.declare("other", endpoints={"declared": {"served_entities": {"a": {"entity": "m", "version": "1"}}}})
    adopter.declare(
        "far",
        host="https://far.example.com",
        endpoints={"x": {"name": "elsewhere", "served_entities": {"a": {"entity": "m", "version": "1"}}}},
    )
    adopter.record("other", deployed=ids["deployed"])
    adopter.record("dev", own=ids["own"])
    outcome = adopter.run("--json")
    assert [each["name"] for each in outcome.result["adopted"]] == ["elsewhere", "free"]
    why = {each["name"]: each["why"] for each in outcome.result["not_adopted"]}
    assert why["declared"].startswith("stack other declares it. An endpoint belongs to one stack")
    assert why["deployed"].startswith("stack other has it in its state.")
    assert why["own"] == "this stack's state has it: declare it under that key again"
    assert adopter.run("--name", "declared").status == 1


@pytest.mark.parametrize("spelled", [str.upper, lambda host: f"{host}/", lambda host: host.replace("http", "HTTP")])
def test_a_host_may_be_spelled_differently(adopter: Adopter, spelled: Callable[[str], str]) -> None:
    adopter.create("declared")
    host = spelled(adopter.frozen.origin.replace("127.0.0.1", "localhost"))
    adopter.declare(host=adopter.frozen.origin.replace("127.0.0.1", "localhost"))
    adopter.declare("other", host, endpoints={"declared": {"served_entities": {"a": {"entity": "m", "version": "1"}}}})
    assert adopter.run("--json").refused == {"declared": "owned by another stack"}


def test_each_reason_is_named_once(adopter: Adopter) -> None:
    external = {"name": "gpt", "external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}
    adopter.create("external", config={"served_entities": [external]})
    adopter.create("secretive", config={"served_entities": [entity(environment_vars={"API_KEY": "sk-planted-value"})]})
    adopter.create("guarded", ai_gateway={"guardrails": {"input": {"pii": {"behavior": "BLOCK"}}}})
    adopter.create("huge", config={"served_entities": [entity(workload_size="XLarge")]})
    adopter.frozen.call("POST", ENDPOINTS_PATH, {"name": "empty"})
    adopter.frozen.call("POST", ENDPOINTS_PATH, {"name": "new", "config": {"served_entities": [entity()]}})
    outcome = adopter.run("--json")
    assert outcome.status == 0
    assert outcome.refused == {
        "empty": "not deployed",
        "external": "external model",
        "huge": "not expressible",
        "new": "being updated",
        "secretive": "plaintext credential",
    }
    assert "sk-planted-value" not in outcome.out + outcome.err
    why = {each["name"]: each["why"] for each in outcome.result["not_adopted"]}
    assert "environment variable API_KEY of champion" in why["secretive"]
    assert "served_entities.champion.workload_size" in why["huge"]
    [guarded] = outcome.result["adopted"]
    assert [each["path"] for each in guarded["left_out"]] == ["ai_gateway.guardrails"]


def test_credentials_in_keys_and_names_are_refused(adopter: Adopter) -> None:
    token = f"dapi{'0' * 32}"
    adopter.create("tagged", tags=[{"key": token, "value": "x"}])
    adopter.create("named", config={"served_entities": [entity(f"one-{token}")]})
    outcome = adopter.run()
    assert "named: plaintext credential: it has a plaintext credential in the name of a served entity." in outcome.err
    assert "tagged: plaintext credential: it has a plaintext credential in the key of a tag." in outcome.err
    assert token not in outcome.out + outcome.err


def test_an_update_that_failed_is_refused(adopter: Adopter) -> None:
    adopter.create("failing")
    adopter.frozen.call("PUT", f"{endpoint_path('failing')}/config", {"served_entities": [entity(version="8")]})
    adopter.frozen.call("POST", "/_workspace/endpoints/failing/cancel-update", {})
    [refused] = adopter.run("--json").result["not_adopted"]
    assert (refused["reason"], "UPDATE_CANCELED" in refused["why"]) == ("failed", True)


def test_patterns_and_creators_select(adopter: Adopter) -> None:
    for name in ("fraud-a", "fraud-b", "iris"):
        adopter.create(name)
    selected = adopter.run("--json", "--name", "fraud-*", "--name", "iris", "--creator", "Admin@example.com")
    assert [each["name"] for each in selected.result["adopted"]] == ["fraud-a", "fraud-b", "iris"]
    nothing = adopter.run("--name", "fruad-*")
    assert nothing.status == 1
    assert nothing.err.strip().endswith('--name fruad-*: no endpoint of the workspace matches. Did you mean "fraud-b"?')
    nobody = adopter.run("--creator", "ann@example.com")
    assert nobody.status == 1
    assert 'none of 3 endpoints was created by it. Did you mean "admin@example.com"?' in nobody.err


def test_a_name_that_is_nowhere_is_reported(adopter: Adopter) -> None:
    adopter.create("fraud-scorer")
    outcome = adopter.run("--name", "fraud-scorer", "--name", "fraud-score", "--json")
    assert outcome.status == 1
    [missing] = outcome.result["not_adopted"]
    assert missing["why"] == 'the workspace has no endpoint of that name. Did you mean "fraud-scorer"?'
    assert [each["name"] for each in outcome.result["adopted"]] == ["fraud-scorer"]


@pytest.mark.parametrize("option", ["--name", "--creator"])
def test_an_empty_selection_is_not_everything(adopter: Adopter, option: str) -> None:
    adopter.create("fraud")
    outcome = adopter.run(option, "")
    assert (outcome.status, outcome.out, "may not be empty" in outcome.err) == (3, "", True)


def test_a_stack_without_a_readable_host_is_named(adopter: Adopter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "none")
    file = adopter.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text("config:\n  databricks:host: {secure: v1:abc:def}\n", encoding="utf-8")
    outcome = adopter.run()
    assert (outcome.status, 'Stack "dev" names no databricks:host in plaintext' in outcome.err) == (1, True)


def test_an_empty_workspace_has_nothing(adopter: Adopter) -> None:
    outcome = adopter.run()
    assert (outcome.status, outcome.out) == (0, "")
    assert "has no serving endpoints that you may view" in outcome.err


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[Any]], list[Any]]], None]:
    """Changes what a listing answers, as one that lies behind."""
    original = client.Workspace.find

    def change(how: Callable[[list[Any]], list[Any]]) -> None:
        def find(workspace: client.Workspace, path: str) -> Any:
            answer = original(workspace, path)
            return {"endpoints": how((answer or {})["endpoints"])} if path == ENDPOINTS_PATH else answer

        monkeypatch.setattr(client.Workspace, "find", find)

    return change


def test_a_listing_that_lies_behind_does_no_harm(
    adopter: Adopter, listing: Callable[[Callable[[list[Any]], list[Any]]], None]
) -> None:
    adopter.create("new")
    listing(lambda _: [{"name": "gone", "id": "0" * 32, "creator": "admin@example.com"}])
    outcome = adopter.run("--json", "--name", "new", "--name", "gone")
    assert [each["name"] for each in outcome.result["adopted"]] == ["new"]
    [gone] = outcome.result["not_adopted"]
    assert gone == {
        "name": "gone",
        "reason": "deleted",
        "why": "it was deleted a moment ago: the listing of the workspace still has it",
    }


@pytest.mark.parametrize("frozen", [["access-list-readers=CAN_MANAGE"]], indirect=True)
def test_what_may_only_be_listed_is_refused(
    adopter: Adopter, monkeypatch: pytest.MonkeyPatch, listing: Callable[[Callable[[list[Any]], list[Any]]], None]
) -> None:
    hidden, seen = adopter.create("hidden"), adopter.create("seen")
    application_id, settings = adopter.frozen.principal()
    entry = {"service_principal_name": application_id, "permission_level": "CAN_VIEW"}
    adopter.frozen.call("PATCH", access_list_path(seen), {"access_control_list": [entry]})
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", settings["clientId"])
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", settings["clientSecret"])
    listing(lambda _: [{"name": "hidden", "id": hidden}, {"name": "seen", "id": seen}])
    outcome = adopter.run("--json")
    why = {each["name"]: each["why"] for each in outcome.result["not_adopted"]}
    assert outcome.refused == {"hidden": "not readable", "seen": "not readable"}
    assert why["hidden"].startswith("you may not view it")
    assert why["seen"].startswith("its permissions can't be read")


def test_a_deployer_without_rights_is_named(adopter: Adopter, monkeypatch: pytest.MonkeyPatch) -> None:
    application_id, settings = adopter.frozen.principal()
    entry = {"service_principal_name": application_id, "permission_level": "CAN_VIEW"}
    adopter.frozen.call("PATCH", access_list_path(adopter.create("seen")), {"access_control_list": [entry]})
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", settings["clientId"])
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", settings["clientSecret"])
    outcome = adopter.run()
    assert outcome.status == 0
    assert f"{application_id} needs CAN_MANAGE, to deploy changes later, on seen" in outcome.err
    assert "- {user: admin@example.com, level: CAN_MANAGE}" in outcome.out


def test_reads_report_their_progress(adopter: Adopter) -> None:
    adopter.create("one")
    adopter.create("two")
    seen: list[tuple[str, int, int]] = []
    read_adoption("dev", Selection(), progress=lambda *each: seen.append(each))
    assert seen == [("endpoints", 2, 2), ("access lists", 2, 2), ("models", 1, 1)]


def test_tags_of_the_stack_are_not_added(adopter: Adopter) -> None:
    adopter.declare(default_tags={"managed_by": "pulumi"})
    adopter.create("bare", tags=[{"key": "team", "value": "risk"}])
    adopter.create("tagged", tags=[{"key": "team", "value": "risk"}, {"key": "managed_by", "value": "pulumi"}])
    fields = {each["name"]: each["fields"] for each in adopter.run("--json").result["adopted"]}
    assert (fields["bare"]["default_tags"], fields["bare"]["tags"]) == (False, {"team": "risk"})
    assert ("default_tags" in fields["tagged"], fields["tagged"]["tags"]) == (False, {"team": "risk"})


def test_a_prefix_belongs_to_the_name(adopter: Adopter) -> None:
    adopter.declare(name_prefix="dev-")
    adopter.create("dev-fraud")
    adopter.create("fraud")
    outcome = adopter.run("--json")
    assert [(each["key"], each["fields"].get("name")) for each in outcome.result["adopted"]] == [("fraud", None)]
    assert outcome.refused == {"fraud": "name"}


def test_a_key_that_is_taken_gets_a_number(adopter: Adopter) -> None:
    named = {"name": "other", "served_entities": {"a": {"entity": "m", "version": "1"}}}
    adopter.declare(endpoints={"fraud": named, "iris": None})
    (adopter.folder / "stacks/base.yaml").write_text(
        json.dumps({"config": {"model-serving:endpoints": {"iris": named}}})
    )
    for name in ("fraud", "iris"):
        adopter.create(name)
    assert adopter.run("--write").status == 0
    spec = adopter.spec()
    assert {key: each.name for key, each in spec.endpoints.items()} == {
        "fraud": "other",
        "fraud-2": "fraud",
        "iris-2": "iris",
    }


def test_aliases_are_named_and_followed(adopter: Adopter) -> None:
    adopter.create("fraud-scorer")
    plain, followed = adopter.run("--json").result, adopter.run("--json", "--follow-aliases").result
    assert plain["adopted"][0]["aliases"] == ["main.ml.fraud@Champion (version 7, champion)"]
    assert plain["adopted"][0]["fields"]["served_entities"]["champion"]["version"] == "7"
    champion = followed["adopted"][0]["fields"]["served_entities"]["champion"]
    assert champion == {"entity": "main.ml.fraud@Champion", "workload_size": "Small"}


def test_300_mixed_endpoints_take_two_reads_each(adopter: Adopter) -> None:
    random, names = Random(300), [f"endpoint-{number}" for number in range(300)]  # noqa: S311  a test's own numbers
    adopter.frozen.call("POST", "/_workspace/seed", SEED)
    for name in names:
        spec = Stack.model_validate({"endpoints": {name: random_fields(random, is_small=True)}})
        make_endpoint(adopter.frozen.call, name, inputs_of(spec, name), lambda: adopter.frozen.clock.advance(100))
    adopter.frozen.call("DELETE", "/_workspace/journal")
    outcome = adopter.run("--json", "--dry-run")
    assert (outcome.status, outcome.refused) == (0, {})
    assert sorted(each["name"] for each in outcome.result["adopted"]) == sorted(names)
    counted = {path: number for path, number in adopter.calls().items() if "scim" not in path}
    assert counted == {
        "GET /api/2.0": 1,
        "GET /api/2.0/serving-endpoints": 300,
        "GET /api/2.0/permissions/serving-endpoints": 300,
        "GET /api/2.1/unity-catalog/models": 3,
    }


def test_a_stack_s_full_name_is_accepted(adopter: Adopter) -> None:
    adopter.create("fraud-scorer")
    assert adopter.run("--write", stack="organization/project/dev").status == 0
    assert list(adopter.spec().endpoints) == ["fraud-scorer"]


def test_a_stack_that_can_t_be_read_is_noted(adopter: Adopter) -> None:
    adopter.create("fraud-scorer")
    adopter.declare("other", endpoints={"fraud": {}})
    [note] = adopter.run("--json").result["notes"]
    assert note.startswith("Endpoints of stack other may be among these, because not all of it can be read:\n")


def test_a_stack_with_errors_adopts_nothing(adopter: Adopter) -> None:
    adopter.declare(endpoints={"fraud": {}})
    outcome = adopter.run()
    assert outcome.status == 1
    assert "endpoints.fraud.served_entities: is required but missing" in outcome.err
    assert main(["adopt", "--stack", "prdo"]) == 3


def test_a_workspace_that_can_t_be_used_is_named(adopter: Adopter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-of-nobody")
    refused = adopter.run()
    assert (refused.status, refused.out) == (1, "")
    assert f"The workspace {adopter.frozen.origin} rejects the credentials" in refused.err
    adopter.declare(host="http://127.0.0.1:1")
    silent = adopter.run()
    assert (silent.status, silent.out) == (1, "")
    assert "The workspace http://127.0.0.1:1 does not answer: [Errno 111] Connection refused" in silent.err
