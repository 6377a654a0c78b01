"""The output of the demos: numbered steps, commands, and the output of the commands."""

import itertools
import subprocess
import sys

from tests.support.sandbox import Sandbox

_number = itertools.count(1)
_BOLD, _DIM, _PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")

# Lines of the engine that carry no information here: hints, and the start of an operation whose end is printed, too.
_HINTS = ("Loading policy packs", "@ ", "If you want to remove", "The resources in the stack have been deleted")
_PROGRESS = (" creating (0s)", " deleting (0s)", " running")


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
    """Exit with an error unless the claim holds."""
    if not holds:
        raise SystemExit(f"The demo failed. Expected: {claim}")


def command(sandbox: Sandbox, *arguments: str, must_pass: bool = True) -> int:
    """Run `pulumi` in the sandbox, print its output while it runs, and return its exit status."""
    quiet = ("--non-interactive", "--color", "never", "--suppress-progress")
    status = _run(sandbox, f"pulumi {' '.join(arguments)}", ["pulumi", *arguments, *quiet])
    if must_pass and status:
        raise SystemExit(f"pulumi {' '.join(arguments)} failed with exit status {status}")
    return status


def model_serving(sandbox: Sandbox, *arguments: str) -> int:
    """Run `model-serving` in the sandbox, as `command` runs `pulumi`."""
    return _run(sandbox, f"model-serving {' '.join(arguments)}", [sys.executable, "-m", "model_serving", *arguments])


def _run(sandbox: Sandbox, displayed: str, command_line: list[str]) -> int:
    print(f"   {_BOLD}$ {displayed}{_PLAIN}", flush=True)
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
            if line.strip() and not line.startswith(_HINTS) and not line.rstrip().endswith(_PROGRESS):
                print(f"   {_DIM}| {line.rstrip()}{_PLAIN}", flush=True)
    return process.wait()
