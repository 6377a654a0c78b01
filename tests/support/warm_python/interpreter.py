"""What stands for `python` in a sandbox's virtual environment: it asks the server to run the same command line.

A script that `environment.py` writes starts it as `python -SE`. It imports built-in modules only, since its start is
what is saved. For an option that the server does not know, or without a server, it becomes the real one.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import marshal
import os
import sys

SERVER = ""
REAL = ""
"""Both are set by `environment.py`, in the copy of this text."""

KNOWN = {"-u", "-P", "-m", "-c"}
WORD = 4
"""The length of each number that is sent, in bytes."""


def ask(arguments: list[str]) -> "_socket.socket | None":
    """Send the command line with what belongs to this process; None without a server."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    process = dict(os.environ), os.getcwd(), os.getppid()  # noqa: PTH109  pathlib is slow to import
    request = marshal.dumps((arguments, *process))
    streams = b"".join(number.to_bytes(WORD, sys.byteorder) for number in (0, 1, 2))
    try:
        connection.connect(SERVER)
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
        connection.sendmsg([len(request).to_bytes(WORD, "big")], rights)
        connection.sendall(request)
    except OSError:
        return None
    return connection


def status_of(connection: "_socket.socket") -> int:
    """Wait for the exit status of the server's child; signals are passed on to it."""
    child = int.from_bytes(connection.recv(WORD, _socket.MSG_WAITALL), "big")
    if not child:
        return 1  # the server has ended
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
        _signal.signal(number, lambda received, _frame: os.kill(child, received))
    status = connection.recv(WORD, _socket.MSG_WAITALL)
    return int.from_bytes(status, "big") if len(status) == WORD else 1


def main() -> None:
    """Run this process's command line."""
    arguments = sys.argv[1:]
    options = next((index for index, each in enumerate(arguments) if not each.startswith("-")), len(arguments))
    is_known = options < len(arguments) and set(arguments[:options]) <= KNOWN
    if is_known and (connection := ask(arguments)):
        os._exit(status_of(connection))
    os.execv(REAL, [REAL, *arguments])  # noqa: S606


main()
