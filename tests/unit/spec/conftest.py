"""A folder of stack files of a test's own."""

from pathlib import Path

import pytest

from tests.support.stack_files import StackFiles


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackFiles:
    (tmp_path / "stacks").mkdir()
    monkeypatch.chdir(tmp_path)
    return StackFiles(tmp_path / "stacks")
