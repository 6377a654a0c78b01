"""The last good split of an endpoint from the git history of the stack files."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from model_serving.delivery.rollback.deployed import DeployedEndpoint, DeployedEntity
from model_serving.delivery.rollback.goal import Goal
from model_serving.delivery.rollback.last_good import last_good_goal
from model_serving.errors import UserError

BASE = """\
config:
  model-serving:endpoints:
    fraud:
      served_entities:
        champion: {entity: main.ml.fraud, version: "7", workload_size: Small}
        challenger: {entity: main.ml.fraud, version: "8", workload_size: Small}
      traffic: {champion: 100, challenger: 0}
"""
OWN = "config:\n  model-serving:after: [staging]\n"

Commit = Callable[..., None]


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Commits the stack files with base.yaml changed."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    def make(subject: str, *edits: tuple[str, str]) -> None:
        file = tmp_path / "stacks" / "base.yaml"
        for old, new in edits:
            text = file.read_text()
            assert old in text
            file.write_text(text.replace(old, new))
        git("add", "stacks")
        git("commit", "--quiet", "--allow-empty", "-m", subject)

    git("init", "--quiet")
    git("config", "user.email", "a@example.com")
    git("config", "user.name", "A")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "base.yaml").write_text(BASE)
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(OWN)
    (tmp_path / "stacks" / "Pulumi.staging.yaml").write_text("config: {}\n")
    make("Declare fraud")
    return make


def deployed(traffic: dict[str, int], **versions: str) -> DeployedEndpoint:
    entities = {name: DeployedEntity(name, "main.ml.fraud", each, ()) for name, each in versions.items()}
    return DeployedEndpoint("fraud", "prod-fraud", "urn", entities, traffic, (), (), {}, (), False, False, None, False)


CHALLENGED = deployed({"champion": 0, "challenger": 100}, champion="7", challenger="8")
MOVE = ("champion: 100, challenger: 0", "champion: 0, challenger: 100")


def goal(folder: Path, endpoint: DeployedEndpoint) -> Goal:
    return last_good_goal("prod", endpoint, {k: v for k, v in endpoint.traffic.items() if v}, folder)


def test_the_split_before_the_deployed_one_is_the_last_good(tmp_path: Path, commit: Commit) -> None:
    commit("All to the challenger", MOVE)
    found = goal(tmp_path, CHALLENGED)
    assert (dict(found.traffic), found.versions) == ({"champion": 100, "challenger": 0}, {})
    assert found.why.endswith("Declare fraud) declares")


def test_what_is_merged_but_not_deployed_is_left_out(tmp_path: Path, commit: Commit) -> None:
    commit("All to the challenger", MOVE)
    commit("A change that waits for its deployment", ('version: "8"', 'version: "9"'))
    assert dict(goal(tmp_path, CHALLENGED).traffic) == {"champion": 100, "challenger": 0}


def test_a_version_changed_in_place_goes_back(tmp_path: Path, commit: Commit) -> None:
    commit("A new champion", ('version: "7"', 'version: "9"'))
    found = goal(tmp_path, deployed({"champion": 100, "challenger": 0}, champion="9", challenger="8"))
    assert (dict(found.traffic), found.versions) == ({"champion": 100, "challenger": 0}, {"champion": "7"})


def test_a_commit_that_changes_others_is_no_earlier_state(tmp_path: Path, commit: Commit) -> None:
    commit("All to the challenger", MOVE)
    commit("A description", ("      traffic:", "      description: of fraud\n      traffic:"))
    assert dict(goal(tmp_path, CHALLENGED).traffic) == {"champion": 100, "challenger": 0}


def test_an_unreadable_commit_is_left_out(tmp_path: Path, commit: Commit) -> None:
    commit("A mistake", ("champion: 100", "champion: 90"))
    commit("All to the challenger", ("champion: 90, challenger: 0", "champion: 0, challenger: 100"))
    assert dict(goal(tmp_path, CHALLENGED).traffic) == {"champion": 100, "challenger": 0}


def test_an_entity_that_is_gone_is_declared_again(tmp_path: Path, commit: Commit) -> None:
    removed = '        champion: {entity: main.ml.fraud, version: "7", workload_size: Small}\n'
    commit("Remove the champion", (removed, ""), ("champion: 100, challenger: 0", "challenger: 100"))
    found = goal(tmp_path, deployed({"challenger": 100}, challenger="8"))
    assert dict(found.traffic) == {"challenger": 0, "champion": 100}
    assert found.declared["champion"].workload_size == "Small"


def test_no_other_declaration_asks_where_to_go(tmp_path: Path, commit: Commit) -> None:
    commit("Nothing")
    only = deployed({"champion": 100, "challenger": 0}, champion="7", challenger="8")
    with pytest.raises(UserError, match="Say where to go: --to champion or --to challenger") as caught:
        goal(tmp_path, only)
    assert str(caught.value).startswith("No commit before commit ")


def test_a_split_that_no_commit_declares_is_not_guessed(tmp_path: Path, commit: Commit) -> None:
    commit("All to the challenger", MOVE)
    by_hand = deployed({"champion": 50, "challenger": 50}, champion="7", challenger="8")
    with pytest.raises(UserError, match="No commit of the stack files declares what fraud serves now"):
        goal(tmp_path, by_hand)


def test_a_second_rollback_does_not_guess(tmp_path: Path, commit: Commit) -> None:
    commit("All to the challenger", MOVE)
    with pytest.raises(UserError, match="was rolled back already and serves challenger 100 %"):
        goal(tmp_path, replace(CHALLENGED, is_rolled_back=True))


def test_a_version_by_alias_is_not_guessed(tmp_path: Path, commit: Commit) -> None:
    by_version = 'entity: main.ml.fraud, version: "7"'
    commit("By alias", (by_version, "entity: main.ml.fraud@Champion"))
    commit("By version", ("entity: main.ml.fraud@Champion", 'entity: main.ml.fraud, version: "9"'))
    with pytest.raises(
        UserError, match=r"by the alias main\.ml\.fraud@Champion, and which version that was is not known"
    ):
        goal(tmp_path, deployed({"champion": 100, "challenger": 0}, champion="9", challenger="8"))


def test_files_without_a_history_say_so(tmp_path: Path) -> None:
    with pytest.raises(
        UserError,
        match=r"The stack files have no history here. Say where to go: --to champion (?s:.*)not a git repository",
    ):
        goal(tmp_path, CHALLENGED)


def test_a_shallow_clone_says_so(tmp_path: Path, commit: Commit) -> None:
    commit("All to the challenger", MOVE)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{tmp_path}", str(clone)], check=True)
    with pytest.raises(UserError, match="this clone has a part of the history only"):
        goal(clone, CHALLENGED)
