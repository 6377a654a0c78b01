"""A phase of a migration that is interrupted at one of its API calls, and what the next runs make of it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.support.followed_address import Caller, followed_address
from tests.support.interrupted_up import READS, WRITES, Fate, calls, interrupted_up
from tests.support.killed_run import UP
from tests.support.migration import ENDPOINTS, FAMILY, OPTIONS, Phase, prepared, with_warehouse
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

QUIET_SECONDS: Final = 3.0
"""After so long the endpoint that a phase deletes is quiet: nobody has asked it for longer than `predecessor_quiet`."""


@dataclass(frozen=True)
class Case:
    """A phase that is interrupted at the call of this number among the reads or the writes."""

    phase: Phase
    pattern: str
    number: int
    fate: Fate


@dataclass
class Result:
    """What a case showed: the requests and how many failed, how often somebody looked and saw no READY endpoint.

    `faults` says what must not be.
    """

    case: Case
    is_interrupted: bool = False
    requests: int = 0
    failed: int = 0
    looks: int = 0
    unready: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def cases_of(snapshots: Snapshots, phase: Phase) -> tuple[Sequence[Case], Sequence[str]]:
    """A case for each call that the phase makes when nothing interrupts it, and these calls."""
    with snapshots.prepared(phase.slug, prepared(phase), OPTIONS) as copied:
        sandbox = with_warehouse(copied)
        before = len(calls(sandbox))
        time.sleep(QUIET_SECONDS)
        sandbox.pulumi(*UP)
        made = calls(sandbox, before)
    writes = sum(not call.startswith("GET ") for call in made)
    fates = (Fate.BEFORE, Fate.LOST)  # a read has no effect
    found = [Case(phase, READS, number, fate) for fate in fates for number in range(len(made) - writes)]
    return found + [Case(phase, WRITES, number, fate) for fate in Fate for number in range(writes)], made


def judged(snapshots: Snapshots, case: Case) -> Result:
    """The case, run."""
    began = time.monotonic()
    result = Result(case)
    with (
        snapshots.prepared(case.phase.slug, prepared(case.phase), OPTIONS) as copied,
        followed_address(copied, FAMILY[0], FAMILY, rate=10) as caller,
    ):
        sandbox = with_warehouse(copied)
        before = _live(sandbox)
        writes = len(sandbox.workspace.writes())
        time.sleep(QUIET_SECONDS if case.phase.deleted else 0)
        run = interrupted_up(sandbox, case.pattern, case.number, case.fate)
        result.is_interrupted = bool(run.at)
        resumed = sandbox.pulumi(*UP, check=False)
        if resumed.status:
            result.faults.append(f"the next up failed: {resumed.text[-2000:]}")
        else:
            again = sandbox.pulumi("preview", "--expect-no-changes", check=False)
            result.faults += [f"the next preview changes: {again.text[-1500:]}"] if again.status else []
        time.sleep(0.3)
        result.faults += _faults(case.phase, before, _live(sandbox), sandbox.workspace.writes()[writes:])
        result.faults += _of_the_caller(caller)
    result.requests, result.failed = len(caller.requests), len(caller.failed)
    result.looks, result.unready = caller.looks, len(caller.unready)
    result.seconds = time.monotonic() - began
    return result


def _live(sandbox: Sandbox) -> dict[str, str]:
    """The id of each endpoint of the family, by name."""
    listed = sandbox.workspace.get("/_workspace/overview")["endpoints"]
    return {each["name"]: each["id"] for each in listed if each["name"] in FAMILY}


def _faults(phase: Phase, before: dict[str, str], after: dict[str, str], writes: Sequence[str]) -> Iterator[str]:
    wanted = {*FAMILY} - {phase.deleted}
    if after.keys() != wanted:
        yield f"live are {sorted(after)} in place of {sorted(wanted)}"
    if moved := [name for name in after if before.get(name, after[name]) != after[name]]:
        yield f"{moved} was created again"
    deletions = {write for write in writes if write.startswith(f"DELETE {ENDPOINTS}/")}
    if astray := deletions - {f"DELETE {ENDPOINTS}/{phase.deleted}"}:
        yield f"deleted: {sorted(astray)}"


def _of_the_caller(caller: Caller) -> Iterator[str]:
    if caller.failed:
        yield f"{len(caller.failed)} of {len(caller.requests)} requests failed: {caller.failed[:3]}"
    if caller.unready:
        yield f"at {len(caller.unready)} of {caller.looks} looks no endpoint was READY: {caller.unready[0]}"
    if not caller.requests:
        yield f"nobody could ask: {caller.problems[:1]}"
