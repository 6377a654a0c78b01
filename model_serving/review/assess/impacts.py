"""Impact: what a change means for those who call and operate an endpoint, by risk."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from model_serving.review.assess.sentence import Part, Sentence, sentence


class Risk(StrEnum):
    """The kinds of impact, from worst to harmless, each with its words and signs in every format.

    `verdict` is the first line of a report if this is the worst risk. `style` is one of rich. `sarif_level` is empty
    for risks that are not shown at a line of a stack file.
    """

    OUTAGE = (
        "outage",
        "🛑",
        "bold red",
        "error",
        "this change causes an outage",
        "nothing answers, temporarily or permanently",
    )
    INTERFACE = (
        "interface",
        "🔌",
        "red",
        "warning",
        "callers must change",
        "callers must change: another name, URL, id or secret",
    )
    LOST = (
        "lost",
        "🕳️",
        "magenta",
        "warning",
        "the provider ignores a part of this change",
        "the edit is lost, without an error",
    )
    PROTECTION = (
        "protection",
        "🔓",
        "yellow",
        "warning",
        "this change removes a protection",
        "a later change can delete it, or reach all callers at once",
    )
    ACCESS = "access", "🔑", "yellow", "warning", "permissions change", "someone may do more, or less, than before"
    BEHAVIOUR = "behaviour", "🔀", "cyan", "", "callers will get different answers", "callers get different answers"
    COST = "cost", "💰", "blue", "", "cost or capacity changes", "a different bill or capacity"
    COSMETIC = "cosmetic", "✏️", "dim", "", "nothing that serves changes", "nothing that serves changes"

    icon: str
    style: str
    sarif_level: str
    verdict: str
    meaning: str

    def __new__(cls, value: str, icon: str, style: str, sarif_level: str, verdict: str, meaning: str) -> Self:  # noqa: PLR0917
        """A string with its words as attributes."""
        risk = str.__new__(cls, value)
        risk._value_ = value
        risk.icon, risk.style, risk.sarif_level = icon, style, sarif_level
        risk.verdict, risk.meaning = verdict, meaning
        return risk

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Risk).index(self)


@dataclass(frozen=True)
class Impact:
    """One thing that a reviewer should know: what happens, and why or what follows from it."""

    risk: Risk
    what: Sentence
    why: Sentence
    of_shares: bool = False
    """Whether it says in words what the shares of the traffic say in figures."""


def impact(risk: Risk, what: Part, why: Part = "", *, of_shares: bool = False) -> Impact:
    """An impact from parts of sentences."""
    return Impact(risk, sentence(what), sentence(why), of_shares)


def worst(risks: Iterable[Risk]) -> Risk | None:
    """The worst of the risks, or None if there are none."""
    return min(risks, key=lambda risk: risk.rank, default=None)


def by_risk(impacts: Iterable[Impact]) -> tuple[Impact, ...]:
    """Worst first, each once, otherwise in the given order."""
    return tuple(sorted(dict.fromkeys(impacts), key=lambda each: each.risk.rank))
