"""What a change can do to those who run and call an endpoint, as classes that a reviewer can weigh."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """From worst to harmless; the order is the order of the report."""

    OUTAGE = "outage"  # nothing answers, for a while or for good
    INTERFACE = "interface"  # callers must change: another name, URL or id
    LOST = "lost"  # the edit never arrives, whatever is reported
    PROTECTION = "protection"  # a later change may delete it
    ACCESS = "access"  # someone may do more, or less
    BEHAVIOUR = "behaviour"  # other answers
    COST = "cost"  # another bill, another capacity
    COSMETIC = "cosmetic"  # nothing that serves is touched


ORDER = tuple(Risk)

MEANING = {
    Risk.OUTAGE: "nothing answers, for a while or for good",
    Risk.INTERFACE: "callers must change: another name, URL or id",
    Risk.LOST: "the edit would not arrive, though Pulumi reports success",
    Risk.PROTECTION: "a later change can delete or replace it, which was refused until now",
    Risk.ACCESS: "someone may do more, or less, than before",
    Risk.BEHAVIOUR: "callers get other answers",
    Risk.COST: "another bill, or another capacity",
    Risk.COSMETIC: "nothing that serves is touched",
}


@dataclass(frozen=True)
class Finding:
    """One thing that a reviewer should know: what happens, why it does, and what can be done instead."""

    risk: Risk
    what: str
    why: str = ""


def worst(risks: Iterable[Risk]) -> Risk | None:
    return min(risks, key=ORDER.index, default=None)


def by_risk(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first, each once, otherwise in the order in which they were found."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: ORDER.index(finding.risk)))
