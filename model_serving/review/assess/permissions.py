"""Who gains and who loses what on an endpoint, by the names that people know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.databricks.principals import is_everyone_group
from model_serving.databricks.resource_types import SERVICE_PRINCIPAL
from model_serving.review.assess.impacts import Finding, Risk
from model_serving.review.assess.sentence import quoted
from model_serving.review.plan.diff import NAMED_BY
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import Mark, shown

LEVELS = ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE")
"""Each holds those before it."""

_KINDS = {"servicePrincipalName": "service principal", "userName": "user", "groupName": "group"}
_MEANS = {
    "CAN_VIEW": "may look at it",
    "CAN_QUERY": "may call it",
    "CAN_MANAGE": "may change and delete it, and give others access",
}


@dataclass(frozen=True)
class Grant:
    """A principal's level on an endpoint before and after; None where it has none."""

    principal: str
    before: str | None
    after: str | None

    @property
    def widens(self) -> bool:
        return _rank(self.after) > _rank(self.before)


def known_principals(steps: tuple[Step, ...]) -> dict[str, str]:
    """The names of this stack's service principals, by application id."""
    found: dict[str, str] = {}
    for step in steps:
        application_id = step.found.get("applicationId")
        if step.type == SERVICE_PRINCIPAL and isinstance(application_id, str):
            found[application_id] = step.urn.name
    return found


def new_principals(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Service principals that this preview would create: they have no application id yet."""
    return tuple(
        step.urn.name
        for step in steps
        if step.type == SERVICE_PRINCIPAL and step.op in {"create", "create-replacement"}
    )


def grants(
    old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str], fresh: tuple[str, ...]
) -> tuple[Grant, ...]:
    """Whose level changes between two access lists, the widened first."""
    before, after = _levels(old, names, fresh), _levels(new, names, fresh)
    changed = [
        Grant(who, before.get(who), after.get(who))
        for who in dict.fromkeys([*after, *before])
        if before.get(who) != after.get(who)
    ]
    return tuple(sorted(changed, key=lambda grant: (not grant.widens, -_rank(grant.after), grant.principal)))


def _levels(inputs: Mapping[str, Any], names: Mapping[str, str], fresh: tuple[str, ...]) -> dict[str, str]:
    controls = inputs.get("accessControls")
    items = [item for item in controls if isinstance(item, Mapping)] if isinstance(controls, list) else []
    return {_principal(item, names, fresh): shown(item.get("permissionLevel")) for item in items}


def _principal(item: Mapping[str, Any], names: Mapping[str, str], fresh: tuple[str, ...]) -> str:
    field = next((field for field in NAMED_BY["accessControls"] if item.get(field)), None)
    if field is None:
        return "someone unnamed"
    who = item[field]
    if who is Mark.UNKNOWN:
        return " or ".join(fresh) + f" ({_KINDS[field]}, new)" if fresh else f"a {_KINDS[field]} that is not known yet"
    name = names.get(str(who), shown(who))
    return f"{name} ({_KINDS[field]})"


def access(changed: tuple[Grant, ...]) -> Iterator[Finding]:
    """Each changed level as a finding."""
    for grant in changed:
        if grant.after is None:
            why = "it can no longer call it, unless another grant lets it in" if _rank(grant.before) > 0 else ""
            yield Finding(Risk.ACCESS, f"{_who(grant)} loses {quoted(grant.before or '')}", why)
        elif grant.before is None:
            yield Finding(Risk.ACCESS, f"{_who(grant)} gains {quoted(grant.after)}", _reach(grant))
        else:
            verb = "rises" if grant.widens else "falls"
            yield Finding(
                Risk.ACCESS, f"{_who(grant)} {verb} from {quoted(grant.before)} to {quoted(grant.after)}", _reach(grant)
            )


def _who(grant: Grant) -> str:
    name, _, kind = grant.principal.rpartition(" (")
    return f"{quoted(name)} ({kind}" if name else quoted(grant.principal)


def callers(changed: tuple[Grant, ...]) -> Iterator[Finding]:
    """Who had access to what goes away."""
    if changed:
        told = ", ".join(f"{_who(grant)} with {quoted(grant.before or '')}" for grant in changed)
        yield Finding(Risk.ACCESS, f"Those who had access: {told}")


def _reach(grant: Grant) -> str:
    everyone = is_everyone_group(grant.principal.rpartition(" (")[0])
    means = _MEANS.get(grant.after or "", "")
    return f"everyone in the workspace {means}" if everyone and means else means


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else -1
