"""Newer engines guess the Python toolchain from lock files in the folders above, unless the project names it."""

from tests.support.sandbox import Sandbox


def test_lock_files_of_other_tools_are_ignored(project: Sandbox) -> None:
    for lock in ("uv.lock", "poetry.lock"):
        (project.folder.parent / lock).write_text("", encoding="utf-8")
    assert "+ 13 to create" in project.pulumi("preview", "--policy-pack", "policies").text
