"""The file of a rollback's `up`: read as it was written, and refused in another stack."""

from dataclasses import replace
from pathlib import Path

import pytest

from model_serving.spec.files.restore_file import Restore, RestoredEntity, restore_of_this_run
from model_serving.spec.files.rollout_step import VARIABLE, EndpointStep, RolloutFileError, RolloutStepFile

RESTORE = Restore(
    stack="prod",
    resource="fraud",
    name="prod-fraud",
    traffic={"champion": 100},
    entities=(RestoredEntity("champion", ("entityName", "entityVersion"), version="7"),),
    fields=("tags",),
    siblings=(("databricks:index/permissions:Permissions", "fraud-permissions"),),
    step=EndpointStep({"champion": 100}, "{}", "abc", "1"),
)


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "restore.json"
    file.write_text(RESTORE.text)
    assert restore_of_this_run("prod", {VARIABLE: str(file)}) == RESTORE
    with pytest.raises(RolloutFileError, match="is of stack prod, and this is dev"):
        restore_of_this_run("dev", {VARIABLE: str(file)})


def test_a_predecessor_goes_back_in_the_same_file(tmp_path: Path) -> None:
    both = replace(RESTORE, companion=replace(RESTORE, resource="fraud/fraud-2", step=None))
    file = tmp_path / "restore.json"
    file.write_text(both.text)
    assert restore_of_this_run("prod", {VARIABLE: str(file)}) == both


def test_other_runs_restore_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rollout.json"
    file.write_text(RolloutStepFile("prod").text)
    for value in ("", "planned", str(file)):
        assert restore_of_this_run("prod", {VARIABLE: value}) is None


@pytest.mark.parametrize("text", ['{"restore": {"stack": "prod"}}', '{"restore":'])
def test_a_broken_file_is_no_traceback(tmp_path: Path, text: str) -> None:
    file = tmp_path / "restore.json"
    file.write_text(text)
    with pytest.raises(RolloutFileError, match="can't be used"):
        restore_of_this_run("prod", {VARIABLE: str(file)})
