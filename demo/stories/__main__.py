"""`make example NAME=...`: play a story of examples/ in a sandbox, and print its commands, edits and outputs."""

import subprocess
import sys

from demo.stories.play import DifferentOutputError, names, play
from tests.support.sandbox import new_sandbox


def main(arguments: list[str]) -> int:
    """Play the story of that name, and return the exit status."""
    if len(arguments) != 1 or arguments[0] not in names():
        print(f"Usage: make example NAME=..., with one of: {', '.join(names())}", file=sys.stderr)
        return 3
    with new_sandbox("--ready-after", "0") as sandbox:
        sandbox.pulumi("stack", "init", "local")
        try:
            play(arguments[0], sandbox, lambda text: print(text, flush=True))
        except (DifferentOutputError, subprocess.SubprocessError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
