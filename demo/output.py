"""How the demo speaks: numbered steps, the commands as they could be typed, and what they print."""

import itertools
import subprocess
import sys

from tests.support.sandbox import Sandbox

_number = itertools.count(1)
_BOLD, _DIM, _PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")

# Lines of the engine that tell a watcher nothing.
_NOISE = ("Loading policy packs", "@ ", "If you want to remove", "The resources in the stack have been deleted")


def step(text: str) -> None:
    """Print the heading of the next step."""
    print(f"\n{_BOLD}{next(_number)}. {text}{_PLAIN}", flush=True)


def note(text: str) -> None:
    """Print a line below a heading."""
    print(f"   {text}", flush=True)


def summary(text: str) -> None:
    """Print the last line."""
    print(f"\n{_BOLD}{text}{_PLAIN}", flush=True)


def check(holds: bool, claim: str) -> None:
    """What is told is so; where it isn't, the telling ends."""
    if not holds:
        raise SystemExit(f"This did not hold: {claim}")


def command(sandbox: Sandbox, *arguments: str, must_pass: bool = True) -> int:
    """Run `pulumi` in the sandbox and show what it prints while it runs. Returns its exit status."""
    quiet = ("--non-interactive", "--color", "never", "--suppress-progress")
    status = _shown(sandbox, f"pulumi {' '.join(arguments)}", ["pulumi", *arguments, *quiet])
    if must_pass and status:
        raise SystemExit(f"pulumi {' '.join(arguments)} ended with {status}")
    return status


def operate(sandbox: Sandbox, *arguments: str) -> int:
    """Run `python -m model_serving` in the sandbox, as `command` does."""
    return _shown(sandbox, f"model-serving {' '.join(arguments)}", [sys.executable, "-m", "model_serving", *arguments])


def _shown(sandbox: Sandbox, typed: str, command_line: list[str]) -> int:
    print(f"   {_BOLD}$ {typed}{_PLAIN}", flush=True)
    process = subprocess.Popen(
        command_line,
        cwd=sandbox.folder,
        env=dict(sandbox.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None, "The output is a pipe"
    with process.stdout as lines:
        for line in lines:
            if line.strip() and not line.startswith(_NOISE):
                print(f"   {_DIM}| {line.rstrip()}{_PLAIN}", flush=True)
    return process.wait()
