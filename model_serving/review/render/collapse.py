"""Subjects to which the same happens, told once: nobody reads three hundred equal tables."""

from dataclasses import dataclass, replace

from model_serving.review.assess.resource_change import Subject
from model_serving.review.plan.preview import Violation

_FEW = 3
"""Fewer than this are told one by one."""


@dataclass(frozen=True)
class Several:
    """One subject that stands for all of them, and the keys of all."""

    subject: Subject
    keys: tuple[str, ...]


def alike(subjects: tuple[Subject, ...]) -> tuple[Several, ...]:
    """The subjects in their order; where one is told for several, at the place of the first."""
    groups: dict[Subject, list[Subject]] = {}
    for subject in subjects:
        groups.setdefault(_without_its_own(subject), []).append(subject)
    found: list[Several] = []
    for subject in subjects:
        group = groups[_without_its_own(subject)]
        if len(group) < _FEW:
            found.append(Several(subject, (subject.key,)))
        elif subject is group[0]:
            found.append(Several(subject, tuple(each.key for each in group)))
    return tuple(found)


def _without_its_own(subject: Subject) -> Subject:
    """What is left when its name, its place and its addresses are taken away."""
    rows = tuple(row for row in subject.rows if row.label not in {"URL", "Id"})
    return replace(subject, key="", place="", rows=rows, violations=())


@dataclass(frozen=True)
class Said:
    """A policy's word, and on whom it says it."""

    violation: Violation
    subjects: tuple[Subject, ...]


def said(subjects: tuple[Subject, ...]) -> tuple[Said, ...]:
    """The policies' words in the order of the subjects, mandatory ones first; the same word on several told once."""
    groups: dict[tuple[str, ...], list[tuple[Violation, Subject]]] = {}
    for subject in subjects:
        for each in subject.violations:
            same = (each.level, each.rule, each.message.replace(subject.key, ""))
            groups.setdefault(same, []).append((each, subject))
    told = [Said(group[0][0], tuple(subject for _, subject in group)) for group in groups.values()]
    return tuple(sorted(told, key=lambda each: not each.violation.mandatory))
