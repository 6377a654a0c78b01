"""The traffic and the models of an endpoint, from its inputs or outputs in a plan."""

from collections.abc import Mapping
from typing import Any

from model_serving.review.assess.served_entities import entities, percentages, shares


def split_of(values: Mapping[str, Any]) -> dict[str, int]:
    """The percentages of the served entities that have traffic."""
    return {each.entity: each.after for each in shares({}, values) if each.after}


def routes_of(values: Mapping[str, Any]) -> dict[str, int]:
    """The percentages of all routes, those without traffic too."""
    return percentages(values)


def models_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The models of the served entities, such as `main.ml.fraud v8`."""
    return {name: entity.label for name, entity in sorted(entities(values).items())}
