"""Each phase of a migration, interrupted at each of its API calls: `python -m bench.migration_kills`.

Every case is a copy of the workspace and the state at the beginning of a phase. `pulumi up` is killed with all that it
started while one of its calls is held: before the call takes effect and, for writes, after it. In a third round the
answer of each write is lost, and the run goes on. Then `pulumi cancel` removes the lock of a killed run, and a plain
`pulumi up` must end the phase: with the endpoints of the phase, each as it was created, and nothing deleted but the
endpoint that the phase retires. A caller asks all the time at the address that the outputs give, and none of its
requests may fail; one of the two endpoints must be READY at any time; and the preview that follows shows no change.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.interrupted_up import Fate
from tests.support.migration import PHASES, Phase
from tests.support.migration_cases import Result, cases_of, judged
from tests.support.snapshots import Snapshots
from toolchain import install


def main() -> int:
    """Run the cases of the command line's phases; return the exit status, 1 if any has a fault."""
    parser = argparse.ArgumentParser(prog="python -m bench.migration_kills", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th call (default 1: each)")
    parser.add_argument("--phase", type=int, action="append", metavar="N", help="only this phase, from 1; repeatable")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="cases at once (default 2)")
    options = parser.parse_args()
    chosen = [PHASES[number - 1] for number in options.phase] if options.phase else PHASES
    install.ensure()
    with tempfile.TemporaryDirectory(prefix="migration-kills-") as folder:
        snapshots = Snapshots(Path(folder))
        results = [result for phase in chosen for result in _measured(snapshots, phase, options.every, options.jobs)]
    _print(chosen, results)
    return int(any(result.faults for result in results))


def _measured(snapshots: Snapshots, phase: Phase, every: int, jobs: int) -> Iterator[Result]:
    every_case, made = cases_of(snapshots, phase)
    cases = every_case[::every]
    print(f"{phase.name}: {len(made)} calls: {', '.join(made)}", file=sys.stderr, flush=True)
    with ThreadPoolExecutor(jobs) as executor:
        for done, result in enumerate(executor.map(lambda case: judged(snapshots, case), cases), start=1):
            shown = f"{phase.name}: {done} of {len(cases)}, {result.case.fate}, call {result.case.number}"
            print(f"{shown}: {'; '.join(result.faults) or 'resumed'}", file=sys.stderr, flush=True)
            yield result


def _print(phases: Sequence[Phase], results: Sequence[Result]) -> None:
    """A table in Markdown, for docs/migration.md."""
    print("| phase | kills | lost answers | resumed | failed requests | looks without a READY endpoint |")
    print("| --- | --- | --- | --- | --- | --- |")
    for phase in phases:
        own = [each for each in results if each.case.phase is phase and each.is_interrupted]
        fates = Counter(each.case.fate is Fate.LOST for each in own)
        good = sum(not each.faults for each in own)
        failed = f"{sum(each.failed for each in own)} of {sum(each.requests for each in own):,}"
        unready = f"{sum(each.unready for each in own)} of {sum(each.looks for each in own):,}"
        counts = (fates[False], fates[True], f"{good} of {len(own)}", failed, unready)
        print(f"| {phase.name} | {' | '.join(map(str, counts))} |")


if __name__ == "__main__":
    sys.exit(main())
