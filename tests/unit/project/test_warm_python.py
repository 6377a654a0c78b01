"""The interpreter of sandboxes runs what the real one runs, and ends as it does."""

import json
import os
import platform
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.sandbox import copy_project
from tests.support.snapshots import record_packages
from tests.support.warm_python.environment import warm_environment

PYTHON = "bin/python"
MODULE = "model_serving.contract.rows"
IMPORTS = f"""
import sys, model_serving
early = {MODULE!r} in sys.modules
import {MODULE} as rows
print(early, rows.__file__, rows.__spec__.origin, *model_serving.contract.__path__)
"""
WAITS = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"


def run(*arguments: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [str(warm_environment() / PYTHON), *arguments]
    outside = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=outside, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            "import sys, os\nprint(sys.argv[1:], os.environ['NAME'], os.getcwd())",
            (0, "['a', 'b'] value {folder}\n", ""),
        ),
        ("import sys\nsys.exit('no')", (1, "", "no\n")),
        ("import sys\nsys.exit(32)", (32, "", "")),
        ("import atexit\natexit.register(print, 'end')", (0, "end\n", "")),
        ("import beside\nprint(beside.NAME)", (0, "beside\n", "")),
    ],
)
def test_script_runs_as_by_the_real_interpreter(program: str, expected: tuple[int, str, str], tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "beside.py").write_text("NAME = 'beside'")
    ran = run("-u", str(tmp_path / "program.py"), "a", "b", folder=tmp_path, NAME="value")
    status, output, errors = expected
    assert (ran.returncode, ran.stdout, ran.stderr) == (status, output.format(folder=tmp_path), errors)


def test_module_comes_from_pythonpath(tmp_path: Path) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text("print('recorded')")
    assert run("-m", "pip", folder=Path("/"), PYTHONPATH=str(tmp_path)).stdout == "recorded\n"


def test_error_shows_a_traceback(tmp_path: Path) -> None:
    ran = run("-m", "no_such_module", folder=tmp_path)
    assert ran.returncode == 1
    assert "No module named no_such_module" in ran.stderr


def test_unknown_option_reaches_the_real_interpreter(tmp_path: Path) -> None:
    assert run("-I", "-c", "import sys; print(sys.flags.isolated)", folder=tmp_path).stdout == "1\n"


@pytest.mark.parametrize(("options", "first"), [((), ""), (("-P",), "{folder}")])
def test_program_text_runs_as_a_module(options: tuple[str, ...], first: str, tmp_path: Path) -> None:
    text = "import sys\ndef f(): return __name__, sys.argv, sys.path[0]\nprint(f(), f is sys.modules['__main__'].f)"
    ran = run(*options, "-c", text, "a", folder=Path("/"), PYTHONPATH=str(tmp_path))
    assert ran.stdout == f"{('__main__', ['-c', 'a'], first.format(folder=tmp_path))} True\n", ran.stderr


def test_version_and_packages_need_no_python(tmp_path: Path) -> None:
    record_packages(tmp_path)
    answer = run("-m", "pip", "list", "--format", "json", folder=tmp_path, PYTHONPATH=f"/x:{tmp_path}/python")
    assert {"name", "version"} <= set(json.loads(answer.stdout)[0])
    assert run("--version", folder=tmp_path).stdout.split() == ["Python", platform.python_version()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_ends_the_program(number: int, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(f"import os\nprint(os.getpid(), flush=True)\n{WAITS}")
    command = [warm_environment() / PYTHON, tmp_path / "program.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(10)
    ends = time.monotonic() + 10
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_copy_of_the_checkout_gets_imported_modules(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project")
    (folder / "program.py").write_text(IMPORTS)
    file = folder / "model_serving" / "contract" / "rows.py"
    os.utime(folder / "model_serving" / "errors.py")  # as in a clone: the content decides
    ran = run("-u", "program.py", folder=folder)
    assert ran.stdout.split() == ["True", str(file), str(file), str(file.parent)], ran.stderr


@pytest.mark.parametrize("edited", ["components/grants.py", "model_serving/contract/model_serving.yaml", "policies"])
def test_an_edited_copy_imports_its_own_modules(edited: str, tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project")
    (folder / "program.py").write_text(IMPORTS)
    file = folder / edited
    if file.is_dir():
        shutil.rmtree(file)
    else:
        file.write_text(file.read_text().swapcase())
    rows = folder / "model_serving" / "contract" / "rows.py"
    ran = run("-u", "program.py", folder=folder)
    assert ran.stdout.split() == ["False", str(rows), str(rows), str(rows.parent)], ran.stderr
