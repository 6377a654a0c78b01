"""The adoption of a whole workspace: `python -m bench.adoption`.

Makes that many random endpoints by hand, a tenth of an external model, and adopts all of them with `model-serving adopt
--import`. Fails unless the next preview is empty, the next `up` changes nothing, and the workspace saw no write since.
Prints how long each part takes, and the seed with which a run can be repeated. The workspace runs on the same machine.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from random import SystemRandom

from tests.support.hand_made import adopt, declare_only, make_by_hand
from tests.support.sandbox import Sandbox, new_sandbox

_PLAIN = 0.75
"""The share of endpoints with little configuration: a policy pack can get 128 KiB of a stack's."""

_FAST = {"databricks:rateLimit": 1000}
"""The provider's own limit is 15 requests a second."""


def main() -> int:
    """Run the benchmark with the command line's options; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.adoption", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=300, metavar="N", help="live endpoints (default 300)")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6), help="of the random endpoints")
    options = parser.parse_args()
    external = options.endpoints // 10
    limits = ("--limit", "changes=100000", "--limit", "workspace_concurrency=1000000")
    with new_sandbox("--ready-after", "0", *limits) as sandbox:
        return measure(sandbox, options.endpoints - external, external, options.seed)


def measure(sandbox: Sandbox, number: int, external: int, seed: int) -> int:
    """Print how long the parts of an adoption take; return the exit status."""
    print(f"{number + external} endpoints, {external} of them of an external model, seed {seed}")
    sandbox.pulumi("stack", "init", "local")
    declare_only(sandbox, {}, **_FAST)
    _timed("made by hand", lambda: make_by_hand(sandbox, number, seed, external, plain=_PLAIN))
    before = sandbox.workspace.writes()
    if _timed("adopt --import", lambda: adopt(sandbox, "--import")):
        return 1
    _timed("preview, empty", lambda: sandbox.pulumi("preview", "--expect-no-changes"))
    _timed(
        "up --refresh, no change",
        lambda: sandbox.pulumi("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes"),
    )
    writes = sandbox.workspace.writes()[len(before) :]
    print(f"  writes to the workspace: {len(writes)}")
    return 1 if writes else 0


def _timed(what: str, action: Callable[[], object]) -> object:
    start, used = time.perf_counter(), _cpu_seconds()
    result = action()
    print(f"  {what:24} {time.perf_counter() - start:6.1f} s  ({_cpu_seconds() - used:5.1f} s of CPU time)", flush=True)
    return result


def _cpu_seconds() -> float:
    """CPU time of this process and of those that it has started and that have ended."""
    found = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in found)


if __name__ == "__main__":
    sys.exit(main())
