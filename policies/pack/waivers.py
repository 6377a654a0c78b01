"""Waivers: one resource is exempt from one rule until a day, with a reason and an owner.

They are declared in the stack files: in a stack's own file, or in base.yaml for all stacks:

    model-serving:waivers:
      nightly-scorer-may-sleep:
        rule: production-stays-warm
        resource: nightly-scorer
        reason: It runs at night only; a cold start is cheaper than a day without calls
        owner: risk-platform
        expires: 2027-03-31
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model_serving.databricks.resource_types import ENDPOINT_ACCESS, ENDPOINT_STOP, PERMISSIONS
from model_serving.policies.pack.rule import Resource, Rule, Violation
from model_serving.spec.endpoint_resources import is_successor, key_of

if TYPE_CHECKING:
    from model_serving.spec.vocabulary.waiver import Waiver

RULE = "waivers"
"""The rule that reports violations of the waivers themselves."""

_MIDNIGHT = ("T00:00:00Z", " 00:00:00 +0000 UTC")
"""What the engine adds to a day that is written without quotes in a stack file: midnight, as Go prints it."""


Places: TypeAlias = Mapping[str, object]
"""Where waivers are declared, by key, as text shows it."""


class WaiverError(ValueError):
    """Waivers that can't be used. The text says which and why."""


def parse(declared: Any, rules: Iterable[Rule], places: Places | None = None) -> "dict[str, Waiver]":
    """The waivers of a stack file by key. `places` are where they are declared, by key.

    Raises WaiverError with everything that is wrong with them.
    """
    # Imported here: only a stack with waivers pays for pydantic.
    from pydantic import ValidationError  # noqa: PLC0415

    from model_serving.spec.field_path import dotted  # noqa: PLC0415
    from model_serving.spec.validation.messages import explain  # noqa: PLC0415
    from model_serving.spec.vocabulary.waiver import Waiver  # noqa: PLC0415

    if not isinstance(declared, Mapping):
        raise WaiverError("model-serving:waivers must be a map of waivers by a key of your choice")
    waivers: dict[str, Waiver] = {}
    faults: list[str] = []
    for key, given in declared.items():
        try:
            waivers[key] = Waiver.model_validate(_without_midnight(given))
        except ValidationError as error:
            for each in error.errors():
                path = ("waivers", key, *each["loc"])
                faults.append(f"{_at(key, places)}model-serving:{dotted(path)}: {explain(each, path)[0]}")
    known = tuple(rules)
    faults += [
        f"{_at(key, places)}model-serving:waivers.{key}.rule: {fault}"
        for key, waiver in waivers.items()
        if (fault := unusable_rule(waiver, known))
    ]
    if faults:
        raise WaiverError("; ".join(faults))
    return waivers


def _at(key: str, places: Places | None) -> str:
    return f"{places[key]} " if places and key in places else ""


def _without_midnight(given: Any) -> Any:
    if not isinstance(given, Mapping) or not isinstance(given.get("expires"), str):
        return given
    day = given["expires"]
    for midnight in _MIDNIGHT:
        day = day.removesuffix(midnight)
    return {**given, "expires": day}


def unusable_rule(waiver: "Waiver", rules: Iterable[Rule]) -> str | None:
    """Why the waiver's rule can't be waived; None if it can."""
    known = {rule.name: rule for rule in rules}
    rule = known.get(waiver.rule)
    if rule is None:
        return f'there is no rule "{waiver.rule}". There are: {", ".join(known)}'
    return None if rule.waivable else f'"{rule.name}" can\'t be waived'


class Waivers:
    """The waivers of a run and which of them were used. `mistake` says why none of them counts.

    `shared` are the keys of waivers that are declared for several stacks: one of them may not need it. `places` are
    where they are declared.
    """

    def __init__(
        self,
        waivers: "Mapping[str, Waiver]",
        today: date,
        mistake: str | None = None,
        shared: Collection[str] = (),
        places: Places | None = None,
    ) -> None:
        self._expired = {key: waiver for key, waiver in waivers.items() if today > waiver.expires}
        self._valid = {key: waiver for key, waiver in waivers.items() if key not in self._expired}
        self._mistake = mistake
        self._shared = shared
        self._places = places or {}
        self._used: set[str] = set()

    def faults(self) -> Iterator[Violation]:
        """A violation for the mistake, and one for each waiver that has expired."""
        if self._mistake:
            yield Violation(self._mistake)
        for key, waiver in self._expired.items():
            place = f" ({self._places[key]})" if key in self._places else ""
            yield Violation(
                f"{_title(key, waiver)} (owner {waiver.owner}) expired on {waiver.expires}{place}",
                fixes=("Fix the resource and remove the waiver", "Extend `expires`"),
            )

    def apply(self, rule: Rule, resource: Resource, violations: Iterable[Violation]) -> Iterator[Violation]:
        """The violations; those that are waived are advisory and name the waiver and its owner."""
        if rule.name == RULE:
            yield from self.faults()
        names = _names(resource)
        key = next(
            (key for key, each in self._valid.items() if each.rule == rule.name and each.resource in names), None
        )
        for violation in violations:
            if key is None or violation.advisory:
                yield violation
                continue
            self._used.add(key)
            waiver = self._valid[key]
            message = (
                f'Waived until {waiver.expires} by "{key}" (owner {waiver.owner}): {waiver.reason}. '
                f"Waived violation: {violation.message}"
            )
            yield Violation(message, advisory=True, field_path=violation.field_path)

    def unused(self) -> Iterator[Violation]:
        """An advisory violation for each waiver of the stack's own file that waived nothing."""
        for key, waiver in self._valid.items():
            if key not in self._used and key not in self._shared:
                yield Violation(f"{_title(key, waiver)} waives nothing. Remove it", advisory=True)


def _names(resource: Resource) -> set[str]:
    """The names that a waiver may give: the resource's own, and that of the first endpoint of its key.

    A migration gives a key another endpoint, whose resource is named after both. What is waived for the key stays so.
    """
    first = key_of(resource.name) + _SUFFIXES.get(resource.type, "")
    return {resource.name, first} if is_successor(resource.name) else {resource.name}


_SUFFIXES: Final = {PERMISSIONS: "-permissions", ENDPOINT_ACCESS: "-permissions", ENDPOINT_STOP: "-stop"}


def _title(key: str, waiver: "Waiver") -> str:
    return f'Waiver "{key}" of {waiver.rule} for "{waiver.resource}"'
