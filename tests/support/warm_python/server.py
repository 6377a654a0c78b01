"""Imports packages, then forks for each command line that an interpreter of a sandbox asks for."""

import atexit
import gc
import importlib
import io
import marshal
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
import types
from pathlib import Path

from tests.support.warm_python.checkout_modules import CheckoutModules

PACKAGES = (
    "click",
    "databricks.sdk.config",
    "databricks.sdk.core",
    "google.protobuf.json_format",
    "pulumi.dynamic",
    "pulumi.policy",
    "pulumi.runtime.proto.provider_pb2_grpc",
    "pulumi_policy",
    "pydantic",
    "requests",
    "rich.console",
    "rich.table",
    "starlette.applications",
    "uvicorn",
    "yaml",
)
"""What the program, the pack, the dynamic provider, the command and the workspace import of other projects."""

CHECKOUT = Path(__file__).resolve().parents[3]


def serve(path: str) -> None:
    """Answer until the standard input is closed, which the process that started the server does when it ends."""
    for package in PACKAGES:
        importlib.import_module(package)
    modules = CheckoutModules(CHECKOUT)
    sys.path.pop(0)  # the checkout, where this module was found
    gc.collect()
    gc.freeze()  # or a collection in each child would copy the memory of all that is imported here
    signal.signal(signal.SIGCHLD, _reap)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(path)
    listening.listen(64)
    print("ready", flush=True)
    while True:
        readable, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in readable:
            return
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _answer(connection, modules)
        connection.close()


def _reap(*_signal: object) -> None:
    """Wait for the children that have ended: their CPU time then counts as the server's, for what measures a run."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _answer(connection: socket.socket, modules: CheckoutModules) -> None:
    """Become the process that was asked for, and send its id and its exit status."""
    head, files, _, _ = socket.recv_fds(connection, 4, 3)
    length, body = int.from_bytes(head, "big"), b""
    while len(body) < length and (part := connection.recv(length - len(body))):
        body += part
    if not head or len(body) < length:  # the interpreter was killed before it had said what to run
        os._exit(1)
    arguments, environment, folder, parent = marshal.loads(body)  # noqa: S302  written by `interpreter.py`
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    connection.sendall(os.getpid().to_bytes(4, "big"))
    threading.Thread(target=_end_with, args=[connection], daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.getppid = lambda: parent  # the policy pack looks for the engine's folder there
    sys.meta_path.insert(0, modules)
    status = _run(arguments)
    connection.sendall(status.to_bytes(4, "big"))
    os._exit(status)


def _end_with(connection: socket.socket) -> None:
    """End when the interpreter does: the engine may kill it."""
    if not connection.recv(1):
        os._exit(1)


def _run(arguments: list[str]) -> int:
    """Run a module, a script or a program text as `python` does, and return the exit status."""
    start = next(index for index, each in enumerate(arguments) if not each.startswith("-"))
    options, (target, *rest) = arguments[:start], arguments[start:]
    _open_streams(unbuffered="-u" in options)
    first = Path.cwd() if "-m" in options else "" if "-c" in options else Path(target).resolve().parent
    path = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:0] = [*([] if "-P" in options else [str(first)]), *path]
    sys.argv = ["-c" if "-c" in options else target, *rest]
    try:
        if "-m" in options:
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        elif "-c" in options:
            sys.modules["__main__"] = program = types.ModuleType("__main__")
            exec(compile(target, "<string>", "exec"), program.__dict__)  # noqa: S102  as the interpreter does
        else:
            runpy.run_path(target, run_name="__main__")
        status = 0
    except SystemExit as ended:
        status = _status(ended.code)
    except BaseException:  # noqa: BLE001  as the interpreter does
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  waits for the threads that are not daemons
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _open_streams(*, unbuffered: bool) -> None:
    """The standard streams on the files of the process that was asked for."""
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for number, name in ((1, "stdout"), (2, "stderr")):
        raw = open(number, "wb", buffering=0 if unbuffered else -1, closefd=False)  # noqa: SIM115
        stream = io.TextIOWrapper(raw, "utf-8", line_buffering=name == "stderr", write_through=unbuffered)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.argv[1])
