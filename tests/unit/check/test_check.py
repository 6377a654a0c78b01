"""`check`: every error and every violated rule, without Pulumi."""

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
def test_own_stack_files_are_valid(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = len(RULES) - len(OFFLINE_RULES)
    summary = f"3 stacks, 5 endpoints: no errors; {waiting} rules wait for the preview\n"
    assert (main(["check"]), capsys.readouterr().out) == (0, summary)


def test_stack_with_an_error_is_named_in_the_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "workload_size: Medium", "workload_size: medium")
    assert main(["check"]) == 1
    summary = capsys.readouterr().out.splitlines()[-1]
    assert summary == "3 stacks: 1 error in the stack files; rules are checked when these are fixed: prod"


def test_folder_without_stacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 0
    assert capsys.readouterr().out.startswith("No stack to check: there is no stacks/Pulumi.<stack>.yaml")


def test_shared_errors_are_reported_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check"]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stacks/")]
    assert [line.partition(":")[0] for line in lines] == ["stacks/Pulumi.prod.yaml", "stacks/base.yaml"]


def test_sarif_has_the_line_and_column(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check", "--format", "sarif", "--stack", "local"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    lines = (project / "stacks" / "base.yaml").read_text().splitlines()
    assert place["artifactLocation"]["uri"] == "stacks/base.yaml"
    assert "CAN_MANGE" in lines[place["region"]["startLine"] - 1]


def test_json_has_location_and_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    break_both(project)
    assert main(["check", "--format", "json", "--stack", "prod"]) == 1
    (finding,) = [each for each in json.loads(capsys.readouterr().out) if each["file"] == "stacks/base.yaml"]
    assert set(finding) == {"file", "line", "column", "path", "message", "hint", "rule", "level", "stacks"}
    assert (finding["rule"], finding["level"]) == ("stack-file", "mandatory")


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / "stacks" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def waive(project: Path, expires: str, rule: str = "production-is-protected") -> None:
    waiver = f"{{rule: {rule}, resource: fraud-scorer, reason: It retires, owner: risk, expires: {expires}}}"
    edit(project, "Pulumi.prod.yaml", "config:\n", f"config:\n  model-serving:waivers:\n    leaves: {waiver}\n")


Finding = tuple[str, str, str, str]


def findings_in_prod(capsys: pytest.CaptureFixture[str], status: int) -> list[Finding]:
    """Location, rule, level and message of each finding in prod."""
    assert main(["check", "--stack", "prod", "--format", "json"]) == status
    findings = json.loads(capsys.readouterr().out)
    return [(f"{each['file']}:{each['line']}", each["rule"], each["level"], each["message"]) for each in findings]


UNPROTECTED = 'Endpoint "fraud-scorer" isn\'t protected from deletion in stack "prod"'


CHALLENGER = "endpoints.fraud-scorer.served_entities.challenger"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("workload_size: small", 'workload_size: "small" is not one of Small, Medium, Large'),
        (
            "workload_type: GPU_SMALL",
            'workload_type: Served entity "challenger" runs on GPU_SMALL, but GPUs are allowed only in these stacks',
        ),
        (
            "environment_vars: {API_KEY: planted}",
            'environment_vars.API_KEY: Served entity "challenger" has a plaintext secret',
        ),
    ],
    ids=["mistake", "rule", "secret"],
)
def test_finding_in_base_yaml_is_reported_once(
    project: Path, capsys: pytest.CaptureFixture[str], wrong: str, expected: str
) -> None:
    edit(project, "base.yaml", 'version: "8", workload_size: Small', f'version: "8", {wrong}')
    assert main(["check"]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stacks/")]
    column = 78 if "environment_vars" in wrong else 59
    assert line.startswith(f"stacks/base.yaml:13:{column} {CHALLENGER}.{expected}")
    assert line.endswith(" (local, prod, staging)")


def test_load_over_capacity_is_advice(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load = "      expected: {requests_per_second: 400, time_per_request: 40ms}\n"
    edit(project, "base.yaml", "      route_optimized: true\n", f"      route_optimized: true\n{load}")
    assert main(["check", "--stack", "local"]) == 0
    out = capsys.readouterr().out
    assert 'Served entity "champion" has at most 4 concurrent requests, and needs 16: 95 %' in out
    assert "advisory: enough-capacity" in out


def test_mandatory_violation_fails_the_check(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    assert main(["check"]) == 1
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith(f"stacks/Pulumi.prod.yaml:6:5 endpoints.fraud-scorer: {UNPROTECTED}")
    assert others == [
        "    Set `protect: true`; to retire the endpoint later, remove it in a separate change",
        "    mandatory: production-is-protected",
        "3 stacks, 5 endpoints: 1 violation of mandatory rules",
    ]


def test_sarif_has_the_rule_and_endpoint_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    assert main(["check", "--format", "sarif"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"]) == ("production-is-protected", "error")
    assert place["artifactLocation"]["uri"] == "stacks/Pulumi.prod.yaml"
    assert place["region"] == {"startLine": 6, "startColumn": 5}


def test_advisory_finding_does_not_fail(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "base.yaml", 'entity: main.ml.fraud, version: "7"', "entity: main.ml.fraud@Best")
    (alias,) = findings_in_prod(capsys, 0)
    assert alias[:3] == ("stacks/base.yaml:12", "production-pins-versions", "advisory")
    assert alias[3].startswith('Served entity "champion" follows the alias "Best"')


def test_stack_wide_rules_are_checked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "base.yaml", "{service_principal: checkout, level", "{user: Ann@example.com, level")
    ((place, rule, level, message),) = findings_in_prod(capsys, 1)
    assert (place, rule, level) == ("stacks/base.yaml:16", "optimized-callers-use-oauth", "mandatory")
    assert message.startswith('User "ann@example.com" has CAN_QUERY on the route-optimized endpoint "fraud-scorer"')


def test_endpoint_without_permissions_is_advisory(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "protect: true\n", "protect: true\n      permissions: null\n")
    assert [each[:3] for each in findings_in_prod(capsys, 0)] == [
        ("stacks/Pulumi.prod.yaml:6", "permissions-declared", "advisory")
    ]


def test_empty_permissions_are_managed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "protect: true\n", "protect: true\n      permissions: []\n")
    assert findings_in_prod(capsys, 0) == []


def test_created_serving_principal_is_advisory(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "base.yaml", "oauth_secret: true}", "oauth_secret: true, serves: [fraud-scorer]}")
    ((place, rule, level, message),) = findings_in_prod(capsys, 0)
    assert (place, rule, level) == ("stacks/Pulumi.prod.yaml:6", "serving-principals-exist", "advisory")
    assert message.startswith(
        'Service principal "checkout" `serves` endpoint "fraud-scorer", and this stack creates it'
    )


def test_waived_violation_is_advisory(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    waive(project, "2999-12-31")
    ((place, rule, level, message),) = findings_in_prod(capsys, 0)
    assert (place, rule, level) == ("stacks/Pulumi.prod.yaml:8", "production-is-protected", "advisory")
    assert message.startswith('Waived until 2999-12-31 by "leaves" (owner risk): It retires')


def test_expired_waiver_has_no_effect(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    waive(project, "2020-01-01")
    waiver, endpoint = findings_in_prod(capsys, 1)
    assert waiver[:3] == ("stacks/Pulumi.prod.yaml:5", "waivers", "mandatory")
    assert "expired on 2020-01-01" in waiver[3]
    assert endpoint[:3] == ("stacks/Pulumi.prod.yaml:8", "production-is-protected", "mandatory")


def test_waiver_of_unknown_rule_is_a_violation(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waive(project, "2999-12-31", rule="production-is-safe")
    ((place, rule, level, message),) = findings_in_prod(capsys, 1)
    assert (place, rule, level) == ("stacks/Pulumi.prod.yaml:5", "waivers", "mandatory")
    assert message.startswith('there is no rule "production-is-safe"')


@pytest.mark.parametrize(
    ("rule", "count"), [("production-is-protected", 1), ("traffic-jump", 0)], ids=["offline", "needs the workspace"]
)
def test_unused_waiver_is_advisory(project: Path, capsys: pytest.CaptureFixture[str], rule: str, count: int) -> None:
    waive(project, "2999-12-31", rule=rule)
    findings = findings_in_prod(capsys, 0)
    assert [each[:3] for each in findings] == [("stacks/Pulumi.prod.yaml:5", "waivers", "advisory")] * count


def test_encrypted_value_is_advisory_and_not_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "champion: {environment_vars: {API_KEY: {secure: v1:abc:def}}, "
    edit(project, "Pulumi.prod.yaml", "champion: {", secret)
    ((_, rule, level, message),) = findings_in_prod(capsys, 0)
    assert (rule, level) == ("secrets-by-reference", "advisory")
    assert message == 'Served entity "champion": environment variable API_KEY is unknown until `up`, which checks it'


def test_plaintext_secret_fails_and_is_not_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "champion: {", "champion: {environment_vars: {API_KEY: planted}, ")
    ((_, rule, level, message),) = findings_in_prod(capsys, 1)
    assert (rule, level, "planted" in message) == ("secrets-by-reference", "mandatory", False)


def test_docs_name_the_rules_left_to_preview() -> None:
    page = (PROJECT / "docs" / "review.md").read_text(encoding="utf-8")
    sentence = re.search(r"Some rules compare with the live workspace.*?\.", page, re.DOTALL)
    assert sentence
    assert set(re.findall(r"`([a-z-]+)`", sentence[0])) == {rule.name for rule in RULES} - {
        rule.name for rule in OFFLINE_RULES
    }


def test_check_imports_nothing_slow() -> None:
    slow = ("pulumi", "pulumi_policy", "databricks", "rich", "grpc", "httpx", "requests", "model_serving.review")
    code = f"""
import sys
from model_serving.cli.main import main
print(main(["check"]), [name for name in {slow} if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[1:] == ["0 []"]


def test_docs_show_the_current_output(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prod = project / "stacks" / "Pulumi.prod.yaml"
    prod.write_text(prod.read_text().replace("      protect: true\n", ""))
    assert main(["check"]) == 1
    assert f"```\n{capsys.readouterr().out}```\n" in (PROJECT / "docs" / "review.md").read_text(encoding="utf-8")


PRODUCTION = "    production: {stacks: [prod, prod-*, production]}\n"


def test_settings_of_base_yaml_judge_each_stack(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "base.yaml", 'version: "8", workload_size: Small', 'version: "8", workload_type: GPU_SMALL')
    edit(project, "base.yaml", PRODUCTION, "    gpu-where-allowed: {stacks: [prod, staging]}\n")
    assert main(["check"]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stacks/")]
    assert "runs on GPU_SMALL, but GPUs are allowed only in these stacks: prod, staging" in line
    assert not line.endswith(")"), "Only the stack local is concerned"


def test_own_file_overlays_the_settings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    own = "config:\n  model-serving:policies: {production-is-protected: advisory}\n"
    edit(project, "Pulumi.prod.yaml", "config:\n", own)
    assert [each[:3] for each in findings_in_prod(capsys, 0)] == [
        ("stacks/Pulumi.prod.yaml:7", "production-is-protected", "advisory")
    ]
    edit(project, "Pulumi.prod.yaml", "advisory", "disabled")
    assert findings_in_prod(capsys, 0) == []


def test_stack_called_production_is_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    (project / "stacks" / "Pulumi.prod.yaml").rename(project / "stacks" / "Pulumi.production.yaml")
    assert main(["check", "--stack", "production"]) == 1
    assert 'isn\'t protected from deletion in stack "production"' in capsys.readouterr().out


def test_waiver_in_base_yaml_applies_to_its_stack(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.prod.yaml", "      protect: true\n", "")
    waiver = "{rule: production-is-protected, resource: fraud-scorer, reason: Old, owner: risk, expires: 2999-12-31}"
    edit(project, "base.yaml", "config:\n", f"config:\n  model-serving:waivers:\n    leaves: {waiver}\n")
    assert main(["check"]) == 0
    printed = capsys.readouterr().out
    assert 'Waived until 2999-12-31 by "leaves" (owner risk): Old' in printed
    assert "waives nothing" not in printed


def test_mistakes_in_settings_join_all_others(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = len((project / "stacks" / "base.yaml").read_text(encoding="utf-8").splitlines())
    edit(project, "base.yaml", PRODUCTION, "    gpu-where-alowed: advisory\n    traffic-jump: {points: few}\n")
    edit(project, "base.yaml", "level: CAN_MANAGE", "level: CAN_MANGE")
    assert main(["check"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert [each for each in printed if each.startswith(f"stacks/base.yaml:{line}")] == [
        f'stacks/base.yaml:{line}:5 policies.gpu-where-alowed: unknown rule "gpu-where-alowed" (local, prod, staging)'
    ]
    assert '    Did you mean "gpu-where-allowed"?' in printed
    expected = f'stacks/base.yaml:{line + 1}:20 policies.traffic-jump.points: must be a whole number; found "few"'
    assert f"{expected} (local, prod, staging)" in printed
    assert any("CAN_MANGE" in each for each in printed)


def test_a_limit_has_its_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variables = ", ".join(f"V{number}: x" for number in range(31))
    edit(project, "Pulumi.prod.yaml", "champion: {", f"champion: {{environment_vars: {{{variables}}}, ")
    ((place, rule, level, message),) = findings_in_prod(capsys, 1)
    assert (place, rule, level) == ("stacks/Pulumi.prod.yaml:9", "serving-limits", "mandatory")
    assert message.startswith('Served entity "champion": 31 environment variables; a served entity has at most 30')


MIGRATION = """\
    iris-classifier:
      name: iris-classifier-2
      route_optimized: true
      predecessor: {name: iris-classifier, route_optimized: false}
"""


WARM = "workload_size: Small, scale_to_zero: false}\n      permissions:\n        - {group"
PROTECTED = "      name: iris-classifier-2\n      protect: true\n"


def test_predecessor_is_checked_like_an_endpoint(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.local.yaml", "    iris-classifier:\n", MIGRATION)
    assert main(["check", "--stack", "local"]) == 0
    assert "4 endpoints" in capsys.readouterr().out
    cold = "{name: iris-classifier, served_entities: {current: {scale_to_zero: true}}, protect: false}"
    edit(project, "Pulumi.local.yaml", "{name: iris-classifier, route_optimized: false}", cold)
    edit(
        project,
        "Pulumi.local.yaml",
        "workload_size: Small, scale_to_zero: true}\n      permissions:\n        - {group",
        WARM,
    )
    edit(project, "Pulumi.local.yaml", "      name: iris-classifier-2\n", PROTECTED)
    stacks = "  model-serving:policies: {production: {stacks: [local]}, required-tags: disabled}\n"
    edit(project, "Pulumi.local.yaml", "  model-serving:endpoints:\n", f"{stacks}  model-serving:endpoints:\n")
    main(["check", "--stack", "local", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    iris = {each["path"] for each in found if "iris" in each["path"] and each["rule"].startswith("production-")}
    assert iris == {"endpoints.iris-classifier.predecessor.served_entities.current.scale_to_zero"}


def test_finding_of_both_endpoints_is_reported_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "Pulumi.local.yaml", "    iris-classifier:\n", MIGRATION)
    edit(project, "Pulumi.local.yaml", "{group: ml-engineers, level: CAN_QUERY}", "{group: users, level: CAN_MANAGE}")
    assert main(["check", "--stack", "local", "--format", "json"]) == 1
    found = [each["path"] for each in json.loads(capsys.readouterr().out) if each["rule"] == "no-manage-for-everyone"]
    assert found == ["endpoints.iris-classifier.permissions[0]"]
