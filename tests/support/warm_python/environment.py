"""A virtual environment whose interpreter is served by this process's server."""

import atexit
import functools
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
_REAL = _FOLDER.parents[2] / ".venv"
_PROGRAM = """#!/bin/sh
words="$*"
case $words in
  --version) echo "Python {version}"; exit ;;
  "-m pip list "*)
    IFS=:
    for folder in $PYTHONPATH; do
      answer="$folder/pip/${{words#-m pip }}"
      [ ! -f "$answer" ] || exec cat "$answer"
    done
    unset IFS ;;
esac
exec {command} "$@"
"""
"""What the language host asks in each run needs no Python: the version, and the packages that snapshots.py records."""


@functools.cache
def warm_environment() -> Path:
    """The folder, which stands for the checkout's virtual environment until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="warm-python-"))
    socket = folder / "socket"
    _serve(socket)
    text = (_FOLDER / "interpreter.py").read_text(encoding="utf-8")
    text = text.replace('SERVER = ""', f"SERVER = {str(socket)!r}")
    text = text.replace('REAL = ""', f"REAL = {str(_REAL / 'bin' / 'python')!r}")
    asking = folder / "interpreter.py"
    asking.write_text(text, encoding="utf-8")
    programs = folder / "bin"
    programs.mkdir()
    for name in ("python", "python3"):
        program = programs / name
        version = platform.python_version()
        command = f"{shlex.quote(os.path.realpath(sys.executable))} -SE {asking}"
        program.write_text(_PROGRAM.format(version=version, command=command), encoding="utf-8")
        program.chmod(0o755)
    for program in (_REAL / "bin").iterdir():
        if not program.name.startswith("python"):
            (programs / program.name).symlink_to(program)
    for name in ("lib", "pyvenv.cfg"):
        (folder / name).symlink_to(_REAL / name)
    return folder


def _serve(socket: Path) -> None:
    """Start the server, and end it and remove the folder when this process ends."""
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [_REAL / "bin" / "python", "-m", "tests.support.warm_python.server", socket],
        cwd=_REAL.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=outside,
    )

    def end() -> None:
        process.communicate()
        shutil.rmtree(socket.parent)

    atexit.register(end)
    assert process.stdout is not None, "The server's output is a pipe"
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"The server of Python processes ended with {process.wait()}")
