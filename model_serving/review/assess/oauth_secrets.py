"""What a preview does to the OAuth secrets of a service principal: two generations are valid at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

from model_serving.databricks.resource_types import SERVICE_PRINCIPAL_SECRET
from model_serving.review.assess.actions import action_of
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.plan.preview import Step

SECRET_FIELD = ("oauth_secret",)


@dataclass(frozen=True)
class Generations:
    """The generations of a principal's secret on both sides, and the day on which each existing one expires."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    recreated: tuple[int, ...]
    expires: dict[int, str]

    @property
    def added(self) -> tuple[int, ...]:
        return tuple(n for n in self.after if n not in self.before)

    @property
    def deleted(self) -> tuple[int, ...]:
        return tuple(n for n in self.before if n not in self.after)

    @property
    def kept(self) -> tuple[int, ...]:
        return tuple(n for n in self.before if n in self.after and n not in self.recreated)


def generations(group: Group) -> Generations | None:
    """The generations of a group's secrets; None if it has none, or one with a name of its own."""
    steps = [step for step in group.steps if step.type == SERVICE_PRINCIPAL_SECRET]
    numbers = {step.urn.text: _generation(step, group.key) for step in steps}
    if not steps or None in numbers.values():
        return None
    numbered = [(step, numbers[step.urn.text] or 0) for step in steps]
    return Generations(
        tuple(sorted({n for step, n in numbered if action_of(step) is not Action.CREATE})),
        tuple(sorted({n for step, n in numbered if action_of(step) not in {Action.DELETE, Action.FORGET}})),
        tuple(sorted({n for step, n in numbered if action_of(step) is Action.REPLACE})),
        {n: str(step.outputs.get("expireTime") or "")[:10] for step, n in numbered},
    )


def _generation(step: Step, key: str) -> int | None:
    """`checkout-secret-2` is generation 2. Earlier versions named the first one `checkout-secret`."""
    name = step.urn.name.removeprefix(f"{key}-secret").removeprefix("-") or "1"
    return int(name) if name.isdigit() else None


def rotation_impacts(secrets: Generations) -> Iterator[Impact]:
    """What is new, until when the previous generation stays valid, and who is cut off."""
    newest = max(secrets.before, default=0)
    if secrets.recreated:
        what = f"{_are(secrets.recreated)} deleted and recreated: callers can't sign in until they have the new one"
        yield impact(Risk.OUTAGE, what)
    if newest and newest in secrets.deleted:
        why = "raise the generation by one, so that the previous one stays valid" if secrets.after else ""
        what = f"{_are(secrets.deleted)} deleted: callers can't sign in until they have a new one"
        yield impact(Risk.OUTAGE, what, why)
    elif secrets.deleted:
        yield impact(Risk.INTERFACE, f"{_are(secrets.deleted)} deleted: callers that still use it can't sign in")
    if secrets.added and not secrets.before:
        yield impact(Risk.ACCESS, "A new OAuth secret, stored in the stack's encrypted outputs")
    elif secrets.added:
        yield impact(
            Risk.ACCESS, f"{_are(secrets.added)} new, stored in the stack's encrypted outputs", _valid(secrets)
        )


def _valid(secrets: Generations) -> str:
    """Until when the generation that callers use now stays valid."""
    newest = max(secrets.before)
    if newest not in secrets.kept:
        return ""
    day = f"until {secrets.expires[newest]}, or " if secrets.expires.get(newest) else ""
    return f"generation {newest} stays valid {day}until the next rotation deletes it: move the callers before"


def _are(numbers: tuple[int, ...]) -> str:
    if len(numbers) == 1:
        return f"OAuth secret generation {numbers[0]} is"
    return f"OAuth secret generations {' and '.join(map(str, numbers))} are"


def rotation_rows(secrets: Generations) -> Iterator[Row]:
    """The changed generation as a field of the service principal."""
    before, after = max(secrets.before, default=0), max(secrets.after, default=0)
    if before != after and before:
        yield Row("oauth_secret.generation", str(before), str(after) if after else "", SECRET_FIELD)
