"""Promotion from one stack to another: what differs, and the patch."""

import shutil
import subprocess
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.delivery.promote import promotion
from model_serving.delivery.yaml_edit import with_value, without_key
from model_serving.spec import load_stack

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    monkeypatch.chdir(tmp_path)
    staging = tmp_path / "stacks" / "Pulumi.staging.yaml"
    text = staging.read_text()
    assert "challenger: {scale_to_zero: true}" in text
    staging.write_text(
        text.replace("challenger: {scale_to_zero: true}", 'challenger: {version: "9", scale_to_zero: true}')
    )
    return tmp_path / "stacks"


VERSION = {"served_entities.challenger.version": ("8", "9")}
TRAFFIC = {"traffic.challenger": ("5", "50"), "traffic.champion": ("95", "50")}


@pytest.mark.parametrize(("include", "carried"), [([], VERSION), (["traffic"], VERSION | TRAFFIC)])
def test_traffic_is_promoted_only_when_asked(
    include: list[str], carried: dict[str, tuple[str, str]], folder: Path
) -> None:
    found = promotion("staging", "prod", folder.parent, include)
    assert {each.field: (each.target, each.source) for each in found.differences if each.promoted} == carried
    stays = {each.field for each in found.differences if not each.promoted}
    assert {"protect", "served_entities.champion.workload_size", "served_entities.champion.scale_to_zero"} <= stays


def test_all_fields_leave_the_safeguards(folder: Path) -> None:
    found = promotion("staging", "prod", folder.parent, ["all"])
    assert "protect" in {each.field for each in found.differences if not each.promoted}
    assert "-      protect" not in found.patch
    assert {each.field for each in found.differences if each.promoted} >= {"served_entities.champion.workload_size"}


ROLLOUT = "rollout: {steps: [5, 25], bake: 10m, gate: {smoke: true}}"


@pytest.mark.parametrize(
    ("include", "carried"),
    [
        (["all"], set()),
        (["smoke"], set()),
        (["rollout"], {"rollout.steps", "rollout.bake", "rollout.gate.smoke"}),
    ],
    ids=["all", "smoke", "rollout"],
)
def test_each_stack_keeps_its_own_rollout(include: list[str], carried: set[str], folder: Path) -> None:
    staging = folder / "Pulumi.staging.yaml"
    staging.write_text(staging.read_text().replace("    fraud-scorer:\n", f"    fraud-scorer:\n      {ROLLOUT}\n"))
    found = promotion("staging", "prod", folder.parent, include)
    rollout = [each for each in found.differences if each.field.startswith("rollout")]
    assert {each.field: each.source for each in rollout}["rollout.bake"] == "10m"
    assert {each.field for each in rollout if each.promoted} == carried
    assert ("bake: 10m" in found.patch) is bool(carried)


def test_each_stack_keeps_its_own_migration(folder: Path) -> None:
    staging = folder / "Pulumi.staging.yaml"
    block = "      name: fraud-2\n      predecessor: {description: null}\n"
    staging.write_text(staging.read_text().replace("    fraud-scorer:\n", f"    fraud-scorer:\n{block}"))
    for include in ("all", "name", "traffic"):
        found = promotion("staging", "prod", folder.parent, [include])
        migration = {each.field: each.source for each in found.differences if each.field.startswith("predecessor")}
        assert migration == {"predecessor.name": "fraud-scorer"}
        assert "predecessor" not in found.patch
        assert ("fraud-2" in found.patch) is (include == "name")


def test_nothing_is_called_promoted_before_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "Pulumi.prod.yaml").read_text()
    assert main(["promote", "staging", "prod", "--output", "promotion.patch"]) == 0
    printed = capsys.readouterr().out
    assert "promoted" not in printed
    assert (
        "Written to promotion.patch: a patch for stacks/Pulumi.prod.yaml. Nothing is changed or deployed yet" in printed
    )
    assert "The traffic differs and stays: --include traffic takes it over" in printed
    assert (folder / "Pulumi.prod.yaml").read_text() == before


def test_the_patch_promotes_what_is_served(folder: Path) -> None:
    assert main(["promote", "staging", "prod", "--include", "traffic", "--output", "promotion.patch"]) == 0
    subprocess.run(["git", "apply", "promotion.patch"], cwd=folder.parent, check=True)
    staging, prod = (load_stack(stack, folder).endpoints["fraud-scorer"] for stack in ("staging", "prod"))
    assert prod.routes == staging.routes
    assert [entity.version for entity in prod.served_entities.values()] == ["7", "9"]
    assert prod.served_entities["champion"].workload_size == "Medium"
    assert "Set the host of your production workspace" in (folder / "Pulumi.prod.yaml").read_text()
    assert promotion("staging", "prod", folder.parent, ["traffic"]).patch == ""


def test_added_and_removed_entities_are_promoted(folder: Path) -> None:
    staging = folder / "Pulumi.staging.yaml"
    text = staging.read_text()
    text = text.replace(
        'challenger: {version: "9", scale_to_zero: true}',
        "challenger: null\n        shadow: {entity: main.ml.fraud, version: '3', workload_size: Small}",
    )
    staging.write_text(text.replace("{champion: 50, challenger: 50}", "{champion: 90, shadow: 10, challenger: null}"))
    patched = folder / "Pulumi.prod.yaml"
    assert promotion("staging", "prod", folder.parent).patch == ""
    assert main(["promote", "staging", "prod", "--include", "traffic", "--output", "promotion.patch"]) == 0
    subprocess.run(["git", "apply", "promotion.patch"], cwd=folder.parent, check=True)
    prod = load_stack("prod", folder).endpoints["fraud-scorer"]
    assert (prod.routes, prod.served_entities["shadow"].version) == ({"champion": 90, "shadow": 10}, "3")
    assert "challenger: null" in patched.read_text()


def test_included_fields_are_promoted(folder: Path) -> None:
    found = promotion("staging", "prod", folder.parent, ["workload_size"])
    assert {each.field for each in found.differences if each.promoted} >= {"served_entities.champion.workload_size"}


@pytest.mark.usefixtures("folder")
def test_a_stack_is_not_promoted_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promote", "prod", "prod"]) == 1
    assert capsys.readouterr().err == '"prod" can\'t be promoted to itself; name two stacks\n'


@pytest.mark.usefixtures("folder")
def test_the_state_needs_pulumi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["promote", "staging", "prod", "--state"]) == 1
    assert capsys.readouterr().err.startswith("`pulumi` is not on PATH. Install Pulumi")


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("a: 1 # one\nb: 2\n", ("a",), 3, "a: 3 # one\nb: 2\n"),
        ("a: {b: 1}\n", ("a", "c"), "x", "a: {b: 1, c: x}\n"),
        ("a: {}\n", ("a", "c"), "8", 'a: {c: "8"}\n'),
        ("a:\n  b: 1 # last\n\n# end\n", ("a", "c"), 2, "a:\n  b: 1 # last\n  c: 2\n\n# end\n"),
        ("a:\n  b:\n    c: 1\nd: 1\n", ("a", "b", "e", "f"), True, "a:\n  b:\n    c: 1\n    e: {f: true}\nd: 1\n"),
        ("a:\n  - 1\n  - 2\nb: 1\n", ("a",), [3], "a:\n  - 3\nb: 1\n"),
        ("# nothing yet\n", ("a", "b"), None, "# nothing yet\na: {b: null}\n"),
        ("a: 'it''s'\n", ("a",), "yes", 'a: "yes"\n'),
        ("a:\n    b: { c: ~,  d: 1 }\ne: 1\n", ("e",), 2, "a:\n    b: { c: ~,  d: 1 }\ne: 2\n"),
        ("a: 1", ("b",), "x: y", 'a: 1\nb: "x: y"'),
    ],
)
def test_a_value_is_set_in_its_text(before: str, path: tuple[str, ...], value: object, after: str) -> None:
    assert with_value(before, path, value) == after


HOST = "config:\n  databricks:host: https://example.com\n"
OWN = f"{HOST}  model-serving:endpoints:\n    fraud-scorer:\n      permissions: {{}}\n"


@pytest.mark.parametrize(
    ("here", "there", "shown", "line"),
    [
        ("[]", "null", ("-", "[]"), "+      permissions: []"),
        ("null", "[]", ("[]", "-"), "+      permissions: null"),
    ],
    ids=["empty", "not managed"],
)
def test_empty_permissions_differ_from_none(
    here: str, there: str, shown: tuple[str, str], line: str, folder: Path
) -> None:
    for stack, value in (("staging", here), ("prod", there)):
        (folder / f"Pulumi.{stack}.yaml").write_text(OWN.format(value))
    found = promotion("staging", "prod", folder.parent, ["permissions"])
    (difference,) = found.differences
    assert (difference.target or "-", difference.source or "-") == shown
    assert line in found.patch.splitlines()


def test_own_key_is_removed_without_a_null(folder: Path) -> None:
    """`null` is an error where base.yaml has no value."""
    (folder / "Pulumi.staging.yaml").write_text(HOST)
    (folder / "Pulumi.prod.yaml").write_text(OWN.format("[]").replace("permissions: []", "budget_policy_id: one"))
    found = promotion("staging", "prod", folder.parent, ["budget_policy_id"])
    assert "-      budget_policy_id: one" in found.patch
    assert "null" not in found.patch
    (folder.parent / "promotion.patch").write_text(found.patch)
    subprocess.run(["git", "apply", "promotion.patch"], cwd=folder.parent, check=True)
    assert load_stack("prod", folder).endpoints == load_stack("staging", folder).endpoints


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b: 1  # one\n  c: 2\n", "a:\n  c: 2\n"),
        ("a:\n  b:\n    x: 1\n  c: 2\n", "a:\n  c: 2\n"),
        ("a: {b: 1, c: 2}\n", "a: {c: 2}\n"),
        ("a: {c: 2, b: [1, 2]}\n", "a: {c: 2}\n"),
        ("a: {b: 1}\nd: 3\n", "d: 3\n"),
    ],
)
def test_key_is_removed_from_its_map(text: str, expected: str) -> None:
    assert without_key(text, ("a", "b")) == expected
