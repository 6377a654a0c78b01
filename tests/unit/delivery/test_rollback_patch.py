"""The change of the stack files after a rollback: comments, order and other stacks stay."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from model_serving.delivery.rollback.deployed import DeployedEndpoint, DeployedEntity
from model_serving.delivery.rollback.goal import Goal
from model_serving.delivery.rollback.stack_file_change import stack_file_change
from model_serving.errors import UserError
from model_serving.spec import ServedEntity, load_stack

BASE = """\
config:
  model-serving:endpoints:
    fraud:  # scores payments
      served_entities:
        champion: {entity: main.ml.fraud, version: "7"}
        # on trial
        challenger: {entity: main.ml.fraud, version: "8"}
      traffic: {champion: 0, challenger: 100}  # since Monday
"""
OWN = """\
config:
  databricks:host: https://prod.example.com
  model-serving:endpoints:
    fraud:
      protect: true
# The end.
"""
DEPLOYED = DeployedEndpoint(
    "fraud",
    "prod-fraud",
    "urn",
    {
        name: DeployedEntity(name, "main.ml.fraud", version, ())
        for name, version in (("champion", "7"), ("challenger", "8"))
    },
    {"champion": 0, "challenger": 100},
    (),
    (),
    {},
    (),
    protect=True,
    retain_on_delete=False,
    history=None,
    is_rolled_back=False,
)
BACK = Goal({"champion": 100, "challenger": 0}, "a test")


def files(folder: Path, base: str = BASE, own: str = OWN, *, others: bool = True) -> Path:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "base.yaml").write_text(base)
    (folder / "stacks" / "Pulumi.prod.yaml").write_text(own)
    if others:
        (folder / "stacks" / "Pulumi.staging.yaml").write_text("config: {}\n")
    return folder


def changed(folder: Path, goal: Goal = BACK) -> list[str]:
    """The lines that the patch removes and adds, after it was applied by git."""
    change = stack_file_change("prod", folder, DEPLOYED, goal)
    subprocess.run(["git", "apply", "-"], cwd=folder, input=change.patch, text=True, check=True)
    lines = change.patch.splitlines()
    return [line for line in lines if line.startswith(("+", "-"))]


def traffic(folder: Path, stack: str = "prod") -> dict[str, int]:
    return load_stack(stack, folder / "stacks").endpoints["fraud"].traffic


def test_a_shared_value_is_overridden_in_the_stack_s_own_file(tmp_path: Path) -> None:
    assert changed(files(tmp_path)) == [
        "--- a/stacks/Pulumi.prod.yaml",
        "+++ b/stacks/Pulumi.prod.yaml",
        "+      traffic: {champion: 100, challenger: 0}",
    ]
    assert traffic(tmp_path) == {"champion": 100, "challenger": 0}
    assert traffic(tmp_path, "staging") == {"champion": 0, "challenger": 100}


def test_the_only_stack_s_base_is_edited_in_place(tmp_path: Path) -> None:
    assert changed(files(tmp_path, others=False)) == [
        "--- a/stacks/base.yaml",
        "+++ b/stacks/base.yaml",
        "-      traffic: {champion: 0, challenger: 100}  # since Monday",
        "+      traffic: {champion: 100, challenger: 0}  # since Monday",
    ]


def test_a_value_of_the_own_file_is_edited_there(tmp_path: Path) -> None:
    own = OWN.replace(
        "protect: true\n", "protect: true\n      traffic:\n        champion: 5  # some\n        challenger: 95\n"
    )
    assert changed(files(tmp_path, own=own))[2:] == [
        "-        champion: 5  # some",
        "-        challenger: 95",
        "+        champion: 100  # some",
        "+        challenger: 0",
    ]


def test_a_restored_version_replaces_an_alias(tmp_path: Path) -> None:
    base = BASE.replace('entity: main.ml.fraud, version: "7"', "entity: main.ml.fraud@Champion")
    pinned = Goal(BACK.traffic, "a test", pinned=("champion",))
    changed(files(tmp_path, base=base), pinned)
    champion = load_stack("prod", tmp_path / "stacks").endpoints["fraud"].served_entities["champion"]
    assert (champion.entity, champion.version) == ("main.ml.fraud", "7")


def test_a_restored_version_and_entity_are_declared(tmp_path: Path) -> None:
    wanted: dict[str, Any] = {"entity": "main.ml.fraud", "version": "5", "workload_size": "Large"}
    goal = Goal(
        {"champion": 0, "challenger": 0, "old": 100},
        "a test",
        versions={"challenger": "6"},
        declared={"old": ServedEntity(**wanted)},
    )
    changed(files(tmp_path), goal)
    declared = load_stack("prod", tmp_path / "stacks").endpoints["fraud"]
    assert declared.served_entities["old"].model_dump(exclude_defaults=True) == wanted
    assert declared.served_entities["challenger"].version == "6"
    assert declared.traffic == {"champion": 0, "challenger": 0, "old": 100}


def test_files_that_declare_it_need_no_patch(tmp_path: Path) -> None:
    folder = files(tmp_path, base=BASE.replace("champion: 0, challenger: 100", "champion: 100, challenger: 0"))
    assert stack_file_change("prod", folder, DEPLOYED, BACK).patch == ""


def test_an_anchor_that_others_share_is_not_edited(tmp_path: Path) -> None:
    own = OWN.replace("protect: true\n", "protect: true\n      traffic: &all {champion: 0, challenger: 100}\n").replace(
        "# The end.",
        "    second:\n      served_entities:\n        champion: {entity: main.ml.fraud, version: '7'}\n"
        "        challenger: {entity: main.ml.fraud, version: '8'}\n      traffic: *all\n# The end.",
    )
    with pytest.raises(UserError, match="because of anchors or merge keys"):
        stack_file_change("prod", files(tmp_path, own=own), DEPLOYED, BACK)


def test_an_endpoint_that_is_declared_no_more_is_named(tmp_path: Path) -> None:
    folder = files(tmp_path, base="config: {}\n", own="config: {}\n")
    with pytest.raises(UserError, match="don't declare fraud any more: the next deployment would delete it"):
        stack_file_change("prod", folder, DEPLOYED, BACK)


def test_a_comment_at_the_end_stays_there(tmp_path: Path) -> None:
    own = "config:\n  model-serving:after: [staging]\n# The end.\nencryptionsalt: v1:abc\n"
    changed(files(tmp_path, own=own))
    assert (tmp_path / "stacks" / "Pulumi.prod.yaml").read_text().splitlines()[-2:] == [
        "# The end.",
        "encryptionsalt: v1:abc",
    ]
