"""The settings of an endpoint that the provider drops, and that this project writes by the API's own calls."""

from collections.abc import Iterator, Mapping
from typing import Any

from model_serving.review.assess.contract_rules import edit
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.preview import Step

_NAMES_ONLY = ("endpointId", "endpointName")


def settings_changes(step: Step) -> tuple[Change, ...]:
    """The changed settings, without the names of the endpoint that they belong to."""
    return tuple(compare(declared_settings(step.old), declared_settings(step.new), step.differs))


def declared_settings(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared among the inputs of an EndpointSettings."""
    return {name: value for name, value in inputs.items() if name not in _NAMES_ONLY}


def settings_impacts(changes: tuple[Change, ...]) -> Iterator[Impact]:
    """Each changed setting. Only rate limits affect callers."""
    for change in changes:
        if change.pattern.startswith("aiGateway.rateLimits") or _has_rate_limits(change):
            yield impact(Risk.BEHAVIOUR, edit(change), "requests beyond a rate limit are refused")
        else:
            yield impact(Risk.COSMETIC, edit(change))


def _has_rate_limits(change: Change) -> bool:
    """Whether an AI gateway that is added or removed as a whole has rate limits."""
    whole = change.new if change.kind is Kind.ADD else change.old
    return change.path == ("aiGateway",) and isinstance(whole, dict) and bool(whole.get("rateLimits"))
