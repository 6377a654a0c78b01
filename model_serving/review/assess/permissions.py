"""Who gains and who loses which permission level on an endpoint."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.databricks.principals import is_everyone_group
from model_serving.databricks.resource_types import SERVICE_PRINCIPAL
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.sentence import Sentence, joined, quoted, sentence
from model_serving.review.plan.diff import NAMED_BY, paired
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import Mark, shown

LEVELS = ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE")
"""Each includes those before it."""

_KINDS = {"servicePrincipalName": "service principal", "userName": "user", "groupName": "group"}
_MEANS = {
    "CAN_VIEW": "view it",
    "CAN_QUERY": "query it",
    "CAN_MANAGE": "change and delete it, and grant access to others",
}


@dataclass(frozen=True)
class Principal:
    """A user, group or service principal. `kind` is empty if the name is not known."""

    name: str
    kind: str = ""

    def __str__(self) -> str:
        return str(self.sentence)

    @property
    def sentence(self) -> Sentence:
        return sentence(quoted(self.name), f" ({self.kind})") if self.kind else sentence(self.name)

    @property
    def is_everyone(self) -> bool:
        return self.kind == "group" and is_everyone_group(self.name)


@dataclass(frozen=True)
class Grant:
    """A principal's level on an endpoint before and after; None if it has none."""

    principal: Principal
    before: str | None
    after: str | None

    @property
    def widens(self) -> bool:
        return _rank(self.after) > _rank(self.before)


@dataclass(frozen=True)
class KnownPrincipals:
    """The service principals of a stack: names by application id, and those that a preview would create."""

    names: Mapping[str, str]
    created: tuple[str, ...]

    def principal(self, access_control: Mapping[str, Any]) -> Principal:
        """The principal of one entry of an access list."""
        field = next((field for field in NAMED_BY["accessControls"] if access_control.get(field)), None)
        if field is None:
            return Principal("an unnamed principal")
        who, kind = access_control[field], _KINDS[field]
        if who is not Mark.UNKNOWN:
            return Principal(self.names.get(str(who), shown(who)), kind)
        new = " or ".join(self.created)
        return Principal(new, f"{kind}, new") if new else Principal(f"an unknown {kind}")


def known_principals(steps: tuple[Step, ...]) -> KnownPrincipals:
    """The service principals among the resources of a preview."""
    principals = [step for step in steps if step.type == SERVICE_PRINCIPAL]
    ids = {step.outputs.get("applicationId"): step.urn.name for step in principals}
    return KnownPrincipals(
        {key: name for key, name in ids.items() if isinstance(key, str)},
        tuple(step.urn.name for step in principals if step.op in {"create", "create-replacement"}),
    )


def grants(old: Mapping[str, Any], new: Mapping[str, Any], known: KnownPrincipals) -> tuple[Grant, ...]:
    """The principals whose level changes between two access lists, gained levels first."""
    every = (Grant(*each) for each in paired(_levels(old, known), _levels(new, known)))
    changed = [grant for grant in every if grant.before != grant.after]
    changed.sort(key=lambda grant: (not grant.widens, -_rank(grant.after), str(grant.principal)))
    return tuple(changed)


def _levels(inputs: Mapping[str, Any], known: KnownPrincipals) -> dict[Principal, str]:
    controls = inputs.get("accessControls")
    items = [item for item in controls if isinstance(item, Mapping)] if isinstance(controls, list) else []
    return {known.principal(item): shown(item.get("permissionLevel")) for item in items}


def access_impacts(changed: tuple[Grant, ...]) -> Iterator[Impact]:
    """Each changed level."""
    for grant in changed:
        who = grant.principal.sentence
        if grant.after is None:
            why = "it can no longer query it, unless another grant allows it" if _rank(grant.before) > 0 else ""
            yield impact(Risk.ACCESS, sentence(who, " loses ", quoted(grant.before or "")), why)
        elif grant.before is None:
            yield impact(Risk.ACCESS, sentence(who, " gains ", quoted(grant.after)), _reach(grant))
        else:
            verb = "rises" if grant.widens else "falls"
            levels = (quoted(grant.before), " to ", quoted(grant.after))
            yield impact(Risk.ACCESS, sentence(who, f" {verb} from ", *levels), _reach(grant))


def lost_access(changed: tuple[Grant, ...]) -> Iterator[Impact]:
    """Who had access to an endpoint that is deleted."""
    if changed:
        who = (sentence(grant.principal.sentence, " with ", quoted(grant.before or "")) for grant in changed)
        yield impact(Risk.ACCESS, sentence("Access lost: ", joined(who)))


def _reach(grant: Grant) -> str:
    """What the level allows, where its name doesn't say it: CAN_MANAGE, and any level for everyone."""
    means = _MEANS.get(grant.after or "", "")
    if means and grant.principal.is_everyone:
        return f"everyone in the workspace may {means}"
    return f"may {means}" if grant.after == "CAN_MANAGE" else ""


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else -1
