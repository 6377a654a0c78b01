"""The settings of an endpoint that the provider drops, and that this project writes by the API's own calls."""

from collections.abc import Iterator

from model_serving.review.assess.contract_rules import edit
from model_serving.review.assess.impacts import Finding, Risk
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.preview import Step

SETTINGS = "pulumi-python:dynamic/model-serving:EndpointSettings"
_NAMES_ONLY = ("endpointId", "endpointName")


def settings_changes(step: Step) -> tuple[Change, ...]:
    """What an edit changes in them. Without the names of the endpoint that they belong to."""
    old, new = (
        {name: value for name, value in side.items() if name not in _NAMES_ONLY} for side in (step.old, step.new)
    )
    return tuple(compare(old, new, step.differs))


def settings_findings(changes: tuple[Change, ...]) -> Iterator[Finding]:
    """Each change; a limit is more than a setting to those who call."""
    for change in changes:
        limits = change.pattern.startswith("aiGateway.rateLimits") or _holds_limits(change)
        why = "calls beyond a limit are refused" if limits else ""
        yield Finding(Risk.BEHAVIOUR if limits else Risk.COSMETIC, edit(change), why)


def _holds_limits(change: Change) -> bool:
    """Whether a gateway that comes or goes as a whole has limits."""
    whole = change.new if change.kind is Kind.ADD else change.old
    return change.path == ("aiGateway",) and isinstance(whole, dict) and bool(whole.get("rateLimits"))
