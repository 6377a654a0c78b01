"""Waivers: one resource is let off one rule, with a reason, an owner and a day on which that ends.

They stand in the stack's own file, beside what they excuse, and so are reviewed with it:

    model-serving:waivers:
      nightly-scorer-may-sleep:
        rule: production-stays-warm
        resource: nightly-scorer
        reason: It runs at night only; a cold start is cheaper than a warm day
        owner: risk-platform
        expires: 2027-03-31
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from model_serving.policies.pack.rule import Resource, Rule, Violation

RULE = "waivers"
"""The rule that speaks for them."""

_FIELDS = ("rule", "resource", "reason", "owner", "expires")


class WaiverError(ValueError):
    """A waiver that can't be understood. The text says which and why."""


@dataclass(frozen=True)
class Waiver:
    """One exception, which holds until the end of the day `expires`.

    `resource` is the Pulumi name of the resource, which for an endpoint is its key in the stack file.
    """

    key: str
    rule: str
    resource: str
    reason: str
    owner: str
    expires: date

    def has_expired(self, today: date) -> bool:
        return today > self.expires

    def covers(self, rule: Rule, resource: Resource) -> bool:
        return (self.rule, self.resource) == (rule.name, resource.name)


def parse(written: Any, rules: Iterable[Rule]) -> list[Waiver]:
    """The waivers of a stack file. Raises WaiverError with everything that is wrong with them."""
    if not isinstance(written, Mapping):
        raise WaiverError("model-serving:waivers is a map of waivers by a name of yours")
    known = {rule.name: rule for rule in rules}
    faults = [fault for key, given in written.items() for fault in _faults(str(key), given, known)]
    if faults:
        raise WaiverError("; ".join(faults))
    return [
        Waiver(key=key, **{field: given[field] for field in _FIELDS[:-1]}, expires=_day(given["expires"]) or date.min)
        for key, given in written.items()
    ]


def _faults(key: str, given: Any, known: Mapping[str, Rule]) -> Iterator[str]:
    place = f"model-serving:waivers.{key}"
    if not isinstance(given, Mapping) or set(given) != set(_FIELDS):
        yield f"{place}: a waiver has exactly the fields {', '.join(_FIELDS)}"
        return
    for field in _FIELDS[:-1]:
        if not isinstance(given[field], str) or not given[field].strip():
            yield f"{place}.{field}: must be a text; found {given[field]!r}"
    if _day(given["expires"]) is None:
        yield f'{place}.expires: must be a day such as 2027-03-31; found "{given["expires"]}"'
    rule = known.get(str(given["rule"]))
    if rule is None:
        yield f'{place}.rule: there is no rule "{given["rule"]}". There are: {", ".join(known)}'
    elif not rule.waivable:
        yield f'{place}.rule: "{rule.name}" can\'t be waived'


_MOMENTS = ("T00:00:00Z", " 00:00:00 +0000 UTC")
"""What the engine makes of a day that stands in a stack file without quotation marks: its first moment, as Go says."""


def _day(text: Any) -> date | None:
    day = str(text)
    for moment in _MOMENTS:
        day = day.removesuffix(moment)
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None


class Waivers:
    """The waivers of a run and which of them were used."""

    def __init__(self, waivers: Iterable[Waiver], today: date, mistake: str | None = None) -> None:
        self._waivers = list(waivers)
        self._today = today
        self._mistake = mistake
        self._used: set[str] = set()

    def faults(self) -> Iterator[Violation]:
        """What keeps the waivers from counting: a mistake in them, or a day that is over."""
        if self._mistake:
            yield Violation(self._mistake)
        for waiver in self._waivers:
            if waiver.has_expired(self._today):
                yield Violation(
                    f'Waiver "{waiver.key}" ({waiver.rule} for "{waiver.resource}", owner {waiver.owner}) expired on '
                    f"{waiver.expires}. Mend the resource and take the waiver out, or agree on a new day"
                )

    def apply(self, rule: Rule, resource: Resource, violations: Iterable[Violation]) -> Iterator[Violation]:
        """The violations, each that is waived turned into one that is told with who answers for it."""
        if rule.name == RULE:
            yield from self.faults()
        waiver = next((each for each in self._waivers if each.covers(rule, resource)), None)
        for violation in violations:
            if waiver is None or waiver.has_expired(self._today) or violation.advisory:
                yield violation
                continue
            self._used.add(waiver.key)
            message = (
                f'Waived until {waiver.expires} by "{waiver.key}" (owner {waiver.owner}): {waiver.reason}. '
                f"What is waived: {violation.message}"
            )
            yield Violation(message, advisory=True, field_path=violation.field_path)

    def unused(self) -> Iterator[Violation]:
        for waiver in self._waivers:
            if waiver.key not in self._used and not waiver.has_expired(self._today):
                yield Violation(
                    f'Waiver "{waiver.key}" ({waiver.rule} for "{waiver.resource}") excuses nothing: take it out',
                    advisory=True,
                )
