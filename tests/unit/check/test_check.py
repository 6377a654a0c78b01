"""`check`: every mistake and every broken rule at once, in an instant, without Pulumi."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model_serving.check.rules import OFFLINE_RULES
from model_serving.cli.main import main
from model_serving.policies.rules import RULES

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def break_both(project: Path) -> None:
    base, prod = project / "stacks" / "base.yaml", project / "stacks" / "Pulumi.prod.yaml"
    base.write_text(base.read_text().replace("level: CAN_MANAGE", "level: CAN_MANGE"))
    prod.write_text(prod.read_text().replace("workload_size: Medium", "workload_sise: Medium"))


@pytest.mark.usefixtures("project")
def test_the_project_s_own_stack_files_have_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["check"]), capsys.readouterr().out) == (0, "")


def test_mistakes_of_all_stacks_are_told_once_each(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check"]) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stacks/")]
    assert [line.partition(":")[0] for line in told] == ["stacks/Pulumi.prod.yaml", "stacks/base.yaml"]


def test_sarif_has_the_line_and_column(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check", "--format", "sarif", "--stack", "local"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    lines = (project / "stacks" / "base.yaml").read_text().splitlines()
    assert place["artifactLocation"]["uri"] == "stacks/base.yaml"
    assert "CAN_MANGE" in lines[place["region"]["startLine"] - 1]


def test_json_is_for_editors(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check", "--format", "json", "--stack", "prod"]) == 1
    (found,) = [each for each in json.loads(capsys.readouterr().out) if each["file"] == "stacks/base.yaml"]
    assert set(found) == {"file", "line", "column", "path", "message", "hint", "rule", "level", "stacks"}
    assert (found["rule"], found["level"]) == ("stack-file", "mandatory")


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / "stacks" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def waive(project: Path, expires: str, rule: str = "production-is-protected") -> None:
    waiver = f"{{rule: {rule}, resource: fraud-scorer, reason: It retires, owner: risk, expires: {expires}}}"
    edit(project, "Pulumi.prod.yaml", "config:\n", f"config:\n  model-serving:waivers:\n    leaves: {waiver}\n")


Told = tuple[str, str, str, str]


def told(capsys: pytest.CaptureFixture[str], status: int) -> list[Told]:
    """Where, what rule, which level and what of all that is found for prod."""
    assert main(["check", "--stack", "prod", "--format", "json"]) == status
    found = json.loads(capsys.readouterr().out)
    return [(f"{each['file']}:{each['line']}", each["rule"], each["level"], each["message"]) for each in found]


UNPROTECTED = 'Endpoint "fraud-scorer" isn\'t protected in stack "prod"'


CHALLENGER = "endpoints.fraud-scorer.served_entities.challenger"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("workload_size: small", 'workload_size: "small" is not one of Small, Medium, Large'),
        (
            "workload_type: GPU_SMALL",
            'workload_type: Served entity "challenger" runs on GPU_SMALL, and this stack is not',
        ),
        ("environment_vars: {API_KEY: planted}", 'environment_vars.API_KEY: Served entity "challenger" has a secret'),
    ],
    ids=["mistake", "rule", "secret"],
)
def test_what_base_yaml_says_wrong_is_reported_once_at_its_place(
    project: Path, capsys: pytest.CaptureFixture[str], wrong: str, told: str
) -> None:
    edit(project, "base.yaml", 'version: "8", workload_size: Small', f'version: "8", {wrong}')
    assert main(["check"]) == 1
    (found,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stacks/")]
    column = 78 if "environment_vars" in wrong else 59
    assert found.startswith(f"stacks/base.yaml:13:{column} {CHALLENGER}.{told}")
    assert found.endswith(" (local, prod, staging)")


def test_a_broken_mandatory_rule_fails_the_check(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    assert main(["check"]) == 1
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith(f"stacks/Pulumi.prod.yaml:6:5 endpoints.fraud-scorer: {UNPROTECTED}")
    assert (second, third) == ("    mandatory: production-is-protected", "1 violation of mandatory rules")


def test_sarif_has_the_rule_and_the_endpoint_s_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    assert main(["check", "--format", "sarif"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"]) == ("production-is-protected", "error")
    assert place["artifactLocation"]["uri"] == "stacks/Pulumi.prod.yaml"
    assert place["region"] == {"startLine": 6, "startColumn": 5}


def test_an_advice_is_told_and_fails_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "base.yaml", 'entity: main.ml.fraud, version: "7"', "entity: main.ml.fraud@Best")
    (alias,) = told(capsys, 0)
    assert alias[:3] == ("stacks/base.yaml:12", "production-pins-versions", "advisory")
    assert alias[3].startswith('Served entity "champion" follows the alias "Best"')


def test_a_rule_for_all_resources_together_is_judged_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "base.yaml", "{service_principal: checkout, level", "{user: Ann@example.com, level")
    ((place, rule, level, message),) = told(capsys, 1)
    assert (place, rule, level) == ("stacks/base.yaml:16", "optimized-callers-use-oauth", "mandatory")
    assert message.startswith('User "ann@example.com" would query the route-optimized endpoint "fraud-scorer"')


def test_an_endpoint_without_permissions_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "protect: true\n", "protect: true\n      permissions: []\n")
    assert [each[:3] for each in told(capsys, 0)] == [("stacks/Pulumi.prod.yaml:6", "permissions-declared", "advisory")]


def test_what_is_waived_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    waive(project, "2999-12-31")
    ((place, rule, level, message),) = told(capsys, 0)
    assert (place, rule, level) == ("stacks/Pulumi.prod.yaml:8", "production-is-protected", "advisory")
    assert message.startswith('Waived until 2999-12-31 by "leaves" (owner risk): It retires')


def test_an_expired_waiver_excuses_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    waive(project, "2020-01-01")
    waiver, endpoint = told(capsys, 1)
    assert waiver[:3] == ("stacks/Pulumi.prod.yaml:5", "waivers", "mandatory")
    assert "expired on 2020-01-01" in waiver[3]
    assert endpoint[:3] == ("stacks/Pulumi.prod.yaml:8", "production-is-protected", "mandatory")


def test_a_waiver_of_a_rule_that_isn_t_there_is_a_violation(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waive(project, "2999-12-31", rule="production-is-safe")
    ((place, rule, level, message),) = told(capsys, 1)
    assert (place, rule, level) == ("stacks/Pulumi.prod.yaml:5", "waivers", "mandatory")
    assert message.startswith('model-serving:waivers.leaves.rule: there is no rule "production-is-safe"')


@pytest.mark.parametrize(
    ("rule", "count"), [("production-is-protected", 1), ("traffic-jump", 0)], ids=["judged", "needs the workspace"]
)
def test_a_waiver_of_no_use_is_told_where_files_can_tell(
    project: Path, capsys: pytest.CaptureFixture[str], rule: str, count: int
) -> None:
    waive(project, "2999-12-31", rule=rule)
    found = told(capsys, 0)
    assert [each[:3] for each in found] == [("stacks/Pulumi.prod.yaml:5", "waivers", "advisory")] * count


def test_an_encrypted_value_can_t_be_told_and_is_not_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "champion: {environment_vars: {API_KEY: {secure: v1:abc:def}}, "
    edit(project, "Pulumi.prod.yaml", "champion: {", secret)
    ((_, rule, level, message),) = told(capsys, 0)
    assert (rule, level) == ("secrets-by-reference", "advisory")
    assert message == 'Served entity "champion": can\'t tell yet what environment variable API_KEY holds'


def test_a_secret_in_clear_fails_and_is_not_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "champion: {", "champion: {environment_vars: {API_KEY: planted}, ")
    ((_, rule, level, message),) = told(capsys, 1)
    assert (rule, level, "planted" in message) == ("secrets-by-reference", "mandatory", False)


def test_the_page_names_the_rules_that_wait_for_the_preview() -> None:
    page = (PROJECT / "docs" / "review.md").read_text(encoding="utf-8")
    sentence = re.search(r"Four rules compare with the live workspace.*?\.", page, re.DOTALL)
    assert sentence
    assert set(re.findall(r"`([a-z-]+)`", sentence[0])) == {rule.name for rule in RULES} - {
        rule.name for rule in OFFLINE_RULES
    }


def test_nothing_of_pulumi_and_nothing_slow_is_imported() -> None:
    slow = ("pulumi", "pulumi_policy", "databricks", "rich", "grpc")
    code = f"""
import sys
from model_serving.cli.main import main
print(main(["check"]), [name for name in {slow} if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout == "0 []\n"
