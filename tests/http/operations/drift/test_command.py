"""`model-serving drift` without the engine: what it prints, its exit status, what it writes, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from model_serving.cli.main import main
from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import endpoint_path
from tests.http.operations.drift.conftest import Project

ENDPOINTS = {
    "fraud": {
        "served_entities": {
            "champion": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"},
            "challenger": {"entity": "main.ml.fraud", "version": "8", "workload_size": "Small"},
        },
        "traffic": {"champion": 95, "challenger": 5},
        "tags": {"team": "risk"},
        "permissions": [{"group": "ml-engineers", "level": "CAN_MANAGE"}],
    },
    "iris": {"served_entities": {"one": {"entity": "main.ml.iris", "version": "2", "workload_size": "Small"}}},
}
STACK_FILE = """\
# The stack of the team.
config:
  databricks:host: {host}
  model-serving:endpoints:
    fraud:   # scores payments
      served_entities:
        champion: {{entity: main.ml.fraud, version: "7", workload_size: Small}}
        challenger: {{entity: main.ml.fraud, version: "8", workload_size: Small}}
      traffic: {{champion: 95, challenger: 5}}  # the canary
      tags: {{team: risk}}
      permissions:
        - {{group: ml-engineers, level: CAN_MANAGE}}  # operate it
    iris:
      served_entities:
        one: {{entity: main.ml.iris, version: "2", workload_size: Small}}
"""
FRAUD = endpoint_path("fraud")


@pytest.fixture
def deployed(project: Project) -> Project:
    """Two endpoints as declared, in a stack file with comments."""
    project.call("POST", "/_workspace/seed", {"groups": ["ml-engineers", "analysts"]})
    file = project.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(STACK_FILE.format(host=project.frozen.origin), encoding="utf-8")
    project.deploy()
    return project


def retag(project: Project, **tags: str) -> None:
    added = [{"key": name, "value": value} for name, value in tags.items()]
    project.call("PATCH", f"{FRAUD}/tags", {"add_tags": added})


def change(project: Project) -> None:
    """Somebody moves traffic, changes a tag, grants a permission and stops an endpoint."""
    live = project.call("GET", FRAUD, None)
    routes = [{"served_entity_name": name, "traffic_percentage": 50} for name in ("champion", "challenger")]
    config = {"served_entities": live["config"]["served_entities"], "traffic_config": {"routes": routes}}
    project.call("PUT", f"{FRAUD}/config", config)
    project.frozen.clock.advance(60)
    retag(project, team="growth")
    entry = {"group_name": "analysts", "permission_level": "CAN_QUERY"}
    project.call("PATCH", access_list_path(live["id"]), {"access_control_list": [entry]})
    project.call("POST", f"{endpoint_path('iris')}/config:stop", {})
    project.frozen.clock.advance(60)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["drift", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def writes(project: Project) -> list[str]:
    journal = project.call("GET", "/_workspace/journal")["requests"]
    return [
        f"{each['method']} {each['path']}" for each in journal if each["method"] != "GET" and "/api/" in each["path"]
    ]


def stack_file(project: Project) -> str:
    return (project.folder / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")


def test_clean_stack_has_status_0(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = writes(deployed)
    status, out, _ = run(capsys, "--stack", "dev")
    assert (status, out.splitlines()[:2]) == (0, [f"dev at {deployed.frozen.origin}", "2 as declared"])
    assert writes(deployed) == before


def test_differences_have_status_2(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    change(deployed)
    before = writes(deployed)
    status, out, _ = run(capsys, "--stack", "dev", "--json")
    found = {each["key"]: each for each in json.loads(out)["workspaces"][0]["resources"]}
    assert (status, found["fraud"]["condition"], found["iris"]["condition"]) == (2, "drifted", "stopped")
    fields = {each["name"]: (each["declared"], each["live"]) for each in found["fraud"]["fields"]}
    assert fields == {
        "traffic": ({"champion": 95, "challenger": 5}, {"champion": 50, "challenger": 50}),
        "tags.team": ("risk", "growth"),
        "permissions.group analysts": (None, "CAN_QUERY"),
    }
    assert writes(deployed) == before


def test_keys_choose_what_is_reported(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    change(deployed)
    status, out, _ = run(capsys, "--stack", "dev", "iris", "--json")
    assert [each["key"] for each in json.loads(out)["workspaces"][0]["resources"]] == ["iris"]
    status, _, err = run(capsys, "--stack", "dev", "irsi")
    assert (status, 'Nothing is called "irsi". Did you mean "iris"?' in err) == (3, True)


def test_outputs_have_the_formats_of_their_names(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    retag(deployed, team="growth")
    status, out, _ = run(
        capsys, "--stack", "dev", *(f"--output=drift.{end}" for end in ("md", "json", "txt")), "--output=-"
    )
    assert status == 2
    assert Path("drift.txt").read_text(encoding="utf-8").splitlines()[0] == out.splitlines()[0]
    assert json.loads(Path("drift.json").read_text(encoding="utf-8"))["exit_status"] == 2
    assert Path("drift.md").read_text(encoding="utf-8").startswith("<!-- model-serving-review:dev -->\n")
    assert "| `tags.team` | `growth` | `risk` |" in Path("drift.md").read_text(encoding="utf-8")
    assert "[`stacks/Pulumi.dev.yaml" not in Path("drift.md").read_text(encoding="utf-8"), (
        "there is no forge to link to"
    )
    assert "`stacks/Pulumi.dev.yaml:10`" in Path("drift.md").read_text(encoding="utf-8")


def test_all_reports_endpoints_made_by_hand(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    entity = {"name": "one", "entity_name": "main.ml.iris", "entity_version": "2", "workload_size": "Small"}
    served = {"served_entities": [{**entity, "scale_to_zero_enabled": True}]}
    deployed.call("POST", "/api/2.0/serving-endpoints", {"name": "by-hand", "config": served})
    assert run(capsys, "--stack", "dev")[0] == 0
    status, out, _ = run(capsys, "--all")
    assert (status, "1 endpoint in no stack file: made by hand" in out) == (2, True)
    assert "by-hand  by admin@example.com" in " ".join(out.split(" "))


def test_stacks_of_a_workspace_know_each_other(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.declare("other", endpoints={"mine": ENDPOINTS["iris"]})
    deployed.deploy("other")
    file = deployed.folder / "stacks" / "Pulumi.other.yaml"
    config = json.loads(file.read_text(encoding="utf-8"))["config"]
    for settings in ({"rateLimit": 100}, {"profile": "other"}, {"host": f"{deployed.frozen.origin}/".upper()}):
        named = {f"databricks:{name}": value for name, value in settings.items()}
        file.write_text(json.dumps({"config": config | named}), encoding="utf-8")
        status, out, _ = run(capsys, "--all")
        assert "made by hand" not in out, settings
        assert status != 2, settings


def test_a_file_without_yaml_is_the_problem(
    deployed: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABRICKS_HOST", raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "none")
    (deployed.folder / "stacks" / "Pulumi.dev.yaml").write_text("config:\n  x: {a\n", encoding="utf-8")
    status, _, err = run(capsys, "--stack", "dev")
    assert (status, "not valid YAML" in err) == (1, True), err


def test_silent_workspace_leaves_the_others_compared(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.declare("gone", host="http://127.0.0.1:1", endpoints={"iris": ENDPOINTS["iris"]})
    retag(deployed, team="growth")
    status, out, _ = run(capsys, "--all", "--json")
    first, second = json.loads(out)["workspaces"]
    assert (status, first["counts"]) == (2, {"as_declared": 1, "drifted": 1})
    assert (second["stacks"], second["resources"]) == (["gone"], [])
    assert "The workspace http://127.0.0.1:1 does not answer" in second["unread"][0]
    status, _, err = run(capsys, "--stack", "gone")
    assert (status, "The workspace http://127.0.0.1:1 does not answer" in err) == (1, True)


def test_files_say_why_nothing_was_compared(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.declare("gone", host="http://127.0.0.1:1", endpoints={"iris": ENDPOINTS["iris"]})
    status, _, err = run(capsys, "--stack", "gone", "--output", "drift.md", "--output", "drift.json")
    assert (status, "The workspace http://127.0.0.1:1 does not answer" in err) == (1, True)
    issue = Path("drift.md").read_text(encoding="utf-8")
    assert "## ❌ gone: 1 thing not read" in issue
    assert "does not answer" in issue
    assert json.loads(Path("drift.json").read_text(encoding="utf-8"))["exit_status"] == 1


def test_without_the_state_principals_are_not_compared(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    principal = deployed.call("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "checkout"})
    text = stack_file(deployed).replace("  # operate it", "\n        - {service_principal: checkout, level: CAN_QUERY}")
    text += "  model-serving:service_principals:\n    checkout: {display_name: checkout}\n"
    (deployed.folder / "stacks" / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    entry = {"service_principal_name": principal["applicationId"], "permission_level": "CAN_QUERY"}
    path = access_list_path(deployed.call("GET", FRAUD, None)["id"])
    deployed.call("PATCH", path, {"access_control_list": [entry]})
    (deployed.folder / "bin" / "pulumi").write_text("#!/bin/sh\necho 'error: locked out' >&2\nexit 1\n")
    status, out, _ = run(capsys, "--stack", "dev")
    assert (status, "2 as declared" in out, "The state of stack" in out) == (1, True, True), out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Which stack? Give --stack NAME or --all. Stacks here: dev"),
        (["--all", "--stack", "dev"], "Choose one of --all and --stack NAME"),
        (["--stack", "dev", "--adopt", "--revert"], "Choose one of --adopt"),
        (["--stack", "dev", "--write"], "--write belongs to --adopt"),
        (["--stack", "dev", "--preview", "--adopt"], "--preview belongs to a report"),
        (
            ["--stack", "dev", "--output", "drift.sarif"],
            "Which format is drift.sarif? A drift report is .md, .json or .txt",
        ),
    ],
)
def test_wrong_usage_is_a_sentence(
    deployed: Project, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = writes(deployed)
    status, out, err = run(capsys, *arguments)
    assert (status, out, message in err) == (3, "", True), err
    assert writes(deployed) == before


def test_unknown_stack_names_the_known_ones(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert deployed.folder == Path.cwd()
    status, _, err = run(capsys, "--stack", "dve")
    assert (status, 'There is no stack "dve" in this folder. Did you mean "dev"?' in err) == (3, True), err


def adopted(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    status, out, err = run(capsys, "--stack", "dev", "--adopt", *arguments)
    return status, out, err


def test_adopt_prints_the_patch_and_writes_nothing(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    change(deployed)
    before, made = stack_file(deployed), writes(deployed)
    status, out, err = adopted(capsys)
    assert status == 0
    assert (stack_file(deployed), writes(deployed)) == (before, made)
    changed = [line for line in out.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert [line[1:].strip() for line in changed if line.startswith("-")]
    assert "stacks/Pulumi.dev.yaml must change" in err
    assert all(line.lstrip("+- ") for line in changed)


def test_adopted_stack_has_no_drift(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    change(deployed)
    made = writes(deployed)
    assert adopted(capsys, "--write")[0] == 0
    text = stack_file(deployed)
    for comment in ("# The stack of the team.", "# scores payments", "# the canary", "# operate it"):
        assert comment in text, text
    assert run(capsys, "--stack", "dev")[0] == 0
    assert writes(deployed) == made


def test_adopt_of_one_endpoint_leaves_the_others(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    change(deployed)
    assert adopted(capsys, "--write", "iris")[0] == 0
    _, out, _ = run(capsys, "--stack", "dev", "--json")
    conditions = {each["key"]: each["condition"] for each in json.loads(out)["workspaces"][0]["resources"]}
    assert conditions == {"fraud": "drifted", "iris": "as_declared"}


def test_adopt_names_what_it_cannot_declare(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.call("DELETE", endpoint_path("iris"), None)
    retag(deployed, team="growth")
    status, out, _ = adopted(capsys, "--json")
    (adoption,) = json.loads(out)["adoptions"]
    assert (status, adoption["declared"]) == (2, {"fraud": ["tags.team"]})
    assert adoption["left"] == [{"what": "iris", "why": "to keep it deleted, remove its block from the stack file"}]
    assert "+      tags: {team: growth}" in adoption["patch"]


def test_plaintext_of_an_environment_is_never_written(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    live = deployed.call("GET", endpoint_path("iris"), None)
    entity = {**live["config"]["served_entities"][0], "environment_vars": {"TOKEN": "planted-secret"}}
    deployed.call("PUT", f"{endpoint_path('iris')}/config", {"served_entities": [entity]})
    deployed.frozen.clock.advance(60)
    for options in ([], ["--adopt"], ["--json"], ["--format", "markdown"], ["--adopt", "--json"]):
        status, out, err = run(capsys, "--stack", "dev", *options)
        assert (status, "planted-secret" in out + err) == (2, False), options
    assert "served_entities.one.environment_vars.TOKEN" in out


def test_nothing_to_adopt_changes_nothing(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = stack_file(deployed)
    status, out, err = adopted(capsys, "--write")
    assert (status, out, stack_file(deployed)) == (0, "", before)
    assert "stacks/Pulumi.dev.yaml: nothing to change" in err


def test_revert_without_a_terminal_needs_yes(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.call("POST", f"{endpoint_path('iris')}/config:stop", {})
    made = writes(deployed)
    status, _, err = run(capsys, "--stack", "dev", "--revert", "--yes")
    assert status == 2
    assert "Not restored: iris: no deployment starts it: `model-serving start iris --stack dev`" in err
    assert "Nothing to restore" in err
    assert writes(deployed) == made


def test_undeployed_changes_are_not_reverted(deployed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    text = stack_file(deployed).replace("team: risk", "team: payments")
    (deployed.folder / "stacks" / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    made = writes(deployed)
    status, _, err = run(capsys, "--stack", "dev", "--revert", "--yes")
    assert status == 2
    assert "Not restored: fraud: it would get what no deployment has set yet (tags.team)" in err
    assert writes(deployed) == made
    _, out, err = adopted(capsys)
    assert (out, "it was not changed outside" in err) == ("", True)
