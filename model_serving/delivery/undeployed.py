"""Endpoints whose state holds other models or traffic than their stack files declare."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from model_serving.databricks.naming import model_label
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.delivery.stack_state import state_resources
from model_serving.review.assess.families import ENDPOINT
from model_serving.review.assess.grouping import owners
from model_serving.review.assess.served_entities import entities, shares
from model_serving.review.plan.preview import Step, Urn
from model_serving.review.plan.redact import Redactor
from model_serving.spec import Endpoint


@dataclass(frozen=True)
class Served:
    """A served entity: its model with the version, and its percentage of the traffic."""

    name: str
    model: str
    percentage: int

    def __str__(self) -> str:
        return f"{self.name} {self.model} at {self.percentage} %"


@dataclass(frozen=True)
class Undeployed:
    """An endpoint whose deployed entities are not those declared; none are deployed before the first `up`."""

    stack: str
    endpoint: str
    declared: tuple[Served, ...]
    deployed: tuple[Served, ...]


def undeployed(stack: str, declared: Mapping[str, Endpoint], folder: Path) -> Iterator[Undeployed]:
    """The declared endpoints that the stack's state doesn't serve as declared. Raises StateError."""
    deployed = _deployed(stack, folder)
    for key, endpoint in declared.items():
        wanted, current = _declared(endpoint), deployed.get(key, ())
        if wanted != current:
            yield Undeployed(stack, key, wanted, current)


def _declared(endpoint: Endpoint) -> tuple[Served, ...]:
    return tuple(
        Served(
            name, model_label(entity.feature_spec or entity.entity or "?", entity.version), endpoint.routes.get(name, 0)
        )
        for name, entity in sorted(endpoint.served_entities.items())
    )


def _deployed(stack: str, folder: Path) -> dict[str, tuple[Served, ...]]:
    """The served entities of each endpoint in the state, by the endpoint's key. Predecessors are left out."""
    redactor = Redactor()
    steps = tuple(
        Step(
            "same",
            Urn(each["urn"]),
            Urn(each.get("parent") or ""),
            old=redactor.redact(each.get("outputs") or {}),
            new=redactor.redact(each.get("inputs") or {}),
        )
        for each in state_resources(stack, folder)
    )
    owner_of = owners(steps)
    found = ((owner_of[step.urn.text], step) for step in steps if step.type == MODEL_SERVING)
    return {key: _served(step) for (kind, key), step in found if kind == ENDPOINT}


def _served(step: Step) -> tuple[Served, ...]:
    percentages = {share.entity: share.after for share in shares({}, step.old)}
    return tuple(
        Served(name, entity.label, percentages.get(name) or 0) for name, entity in sorted(entities(step.old).items())
    )
