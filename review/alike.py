"""Subjects to which the same happens, told once: nobody reads three hundred equal tables."""

from dataclasses import dataclass, replace

from review.subject import Subject

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
    return replace(subject, key="", place="", rows=rows)
