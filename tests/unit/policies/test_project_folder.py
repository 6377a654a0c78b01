"""The folder of the stack files that the pack reads."""

import os
from pathlib import Path

import pytest

from model_serving.policies.pack import project_folder
from model_serving.policies.pack.project_folder import VARIABLE, ProjectFolder, find_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(project_folder, "working_folders", lambda: iter([tmp_path / "shop" / "deep"]))
    (tmp_path / "shop" / "deep").mkdir(parents=True)
    (tmp_path / "shop" / "Pulumi.yaml").write_text("name: shop\nstackConfigDir: config\n", encoding="utf-8")
    return tmp_path / "shop"


def test_folder_is_found_above_the_working_folder(project: Path) -> None:
    assert find_project("shop") == ProjectFolder(project, project / "config")


def test_another_project_s_folder_is_not_taken(project: Path) -> None:
    assert find_project("till") is None
    (project / "Pulumi.yaml").write_text("[broken", encoding="utf-8")
    assert find_project("shop") is None


def test_variable_names_the_folder(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: till\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    found = find_project("till")
    assert found == ProjectFolder(tmp_path, tmp_path)
    assert find_project("shop") == ProjectFolder(project, project / "config")


def test_the_parents_of_this_process_haveworking_folders() -> None:
    folders = list(project_folder.working_folders())
    assert Path(f"/proc/{os.getppid()}/cwd").readlink() in folders
