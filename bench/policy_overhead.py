"""The time that the policy pack adds to a preview: `python -m bench.policy_overhead`.

Previews a program with that many live endpoints with and without the pack, while the workspace delays each response
about an endpoint by that time. Prints both times and the number of reads by the pack. The workspace runs on the
same machine, so on two cores its own work is part of the difference.
"""

import argparse
import sys
import time

from tests.support.raw_program import PREVIEW, RawProgram, create_endpoint, post, reads
from tests.support.sandbox import new_sandbox

ROUNDS = 3


def main() -> int:
    """Run the benchmark with the command line's options; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.policy_overhead", description=__doc__)
    parser.add_argument("--endpoints", type=int, default=500, metavar="N", help="live endpoints (default 500)")
    parser.add_argument("--milliseconds", type=int, default=50, metavar="MS", help="of each response (default 50)")
    options = parser.parse_args()
    measure(options.endpoints, options.milliseconds)
    return 0


def measure(endpoints: int, milliseconds: int) -> None:
    """Print how long a preview takes with and without the pack, for that many endpoints."""
    with new_sandbox("--ready-after", "0", "--limit", f"changes={2 * endpoints}") as sandbox:
        sandbox.pulumi("stack", "init", "local")
        for n in range(endpoints):
            create_endpoint(sandbox.workspace, f"endpoint-{n}", route_optimized=True)
        post(
            sandbox.workspace,
            "/_workspace/faults",
            {"pattern": "GET /api/2.0/serving-endpoints*", "times": -1, "delay_seconds": milliseconds / 1000},
        )
        raw = RawProgram(sandbox)
        # In a different order from that of the listing.
        program = f"""
for n in sorted(range({endpoints}), key=lambda n: hash((n, 7)) % 1000):
    Endpoint(f"endpoint-{{n}}", name=f"endpoint-{{n}}", routeOptimized=True)
"""
        without = min(_seconds(raw, program, policies=False) for _ in range(ROUNDS))
        before = len(reads(sandbox.workspace))
        with_pack = min(_seconds(raw, program, policies=True) for _ in range(ROUNDS))
        read_count = (len(reads(sandbox.workspace)) - before) / ROUNDS
        print(f"{endpoints} endpoints, {milliseconds} ms per response, best of {ROUNDS} previews")
        print(f"  without the pack {without:6.1f} s")
        print(f"  with the pack    {with_pack:6.1f} s  ({read_count:.0f} reads)")


def _seconds(raw: RawProgram, program: str, *, policies: bool) -> float:
    start = time.perf_counter()
    outcome = raw.run(program, *PREVIEW, "--suppress-progress", policies=policies)
    assert outcome.status == 0, outcome.text
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
