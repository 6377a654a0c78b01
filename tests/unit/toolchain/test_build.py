"""Built once, resumed after an interruption, rebuilt after a change, never half."""

from __future__ import annotations

import fcntl
import os
import select
import signal
from typing import TYPE_CHECKING

import pytest

from toolchain.recipe import BUILT_FILES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.toolchain.conftest import Machine

STAMP = "toolchain-recipe.sha256"


def built_files(machine: Machine) -> set[str]:
    return {str(path.relative_to(machine.built)) for path in machine.built.rglob("*") if path.is_file()}


def test_all_programs_and_scripts_are_built(with_go: Machine) -> None:
    status, out, err = with_go.run("install")
    assert (status, err) == (0, "")
    assert built_files(with_go) == {*BUILT_FILES, STAMP}
    assert all(os.access(with_go.built / name, os.X_OK) for name in BUILT_FILES if "-python-exec" in name)
    assert "Built pulumi-resource-databricks (3 of 3) in 0:00: compiled 1 of 2 packages, " in out
    assert [path.name for path in with_go.built.parent.iterdir() if path.is_dir()] == ["bin"]


def test_engine_knows_its_version(with_go: Machine) -> None:
    with_go.run("install")
    engine = with_go.calls("go build")[0]
    assert "-ldflags -s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=3.220.0 -o" in engine


def test_second_install_runs_nothing(with_go: Machine) -> None:
    with_go.run("install")
    with_go.log.unlink()
    status, out, _ = with_go.run("install")
    assert (status, with_go.calls()) == (0, [])
    assert out == f"Using Pulumi 3.220.0 with the Databricks provider 1.104.0, built in {with_go.built}\n"


@pytest.mark.parametrize("change", ["recipe", "missing program"])
def test_outdated_build_is_rebuilt(with_go: Machine, change: str) -> None:
    with_go.run("install")
    with_go.log.unlink()
    if change == "recipe":
        (with_go.checkout / "toolchain" / "modules" / "pulumi" / "go.mod").write_text("module other\n")
    else:
        (with_go.built / "pulumi").unlink()
    assert with_go.run("install")[0] == 0
    assert len(with_go.calls("go build")) == 3
    assert built_files(with_go) == {*BUILT_FILES, STAMP}


def test_failed_build_is_resumed(with_go: Machine) -> None:
    status, _, err = with_go.run("install", BREAK="pulumi-language-python")
    folder = with_go.checkout / "toolchain" / "modules" / "language-python"
    assert status == 1
    assert err == (
        f"pulumi-language-python could not be built: `go build` in {folder} failed with exit status 1:\n"
        "    a/b/main.go:7: undefined: x\n"
        "`python -m toolchain install` resumes the build. "
        "Behind a proxy or a module mirror, configure Go first: HTTPS_PROXY or `go env -w GOPROXY=...`\n"
    )
    assert not with_go.built.exists()
    with_go.log.unlink()
    status, out, _ = with_go.run("install")
    assert (status, len(with_go.calls("go build"))) == (0, 2)
    assert "pulumi (1 of 3) was built by an earlier run" in out


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_build_leaves_no_process(with_go: Machine, fifo: Path, sent: int, status: int) -> None:
    process = with_go.start("install", FIFO=str(fifo))
    with fifo.open() as held_by_compilers:
        assert held_by_compilers.readline() == "started\n"
        process.send_signal(sent)
        _, err = process.communicate(timeout=30)
        assert process.returncode == status
        ended, _, _ = select.select([held_by_compilers], [], [], 20)
        assert ended, "A compiler is still running"
        assert held_by_compilers.read() == ""
    assert "Traceback" not in err
    assert not (with_go.built.parent / "work").exists()


def test_second_install_waits_for_first(with_go: Machine) -> None:
    folder = with_go.built.parent
    folder.mkdir(parents=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4242")
        lock.flush()
        process = with_go.start("install")
        assert process.stdout is not None
        waiting = process.stdout.readline()
        assert waiting == f"Another install (process 4242) is running in {folder}: waiting for it to finish\n"
        assert with_go.calls("go build") == []
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_concurrent_installs_build_once(with_go: Machine) -> None:
    both = [with_go.start("install"), with_go.start("install")]
    for process in both:
        process.communicate(timeout=30)
    assert [process.returncode for process in both] == [0, 0]
    assert len(with_go.calls("go build")) == 3


def test_unwritable_folder_prints_one_line(with_go: Machine) -> None:
    (with_go.checkout / ".local").write_text("in the way")
    status, _, err = with_go.run("install")
    assert (status, err) == (1, f"{with_go.built.parent}: Not a directory\n")
