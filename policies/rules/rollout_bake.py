"""Steps of a rollout that are too short for what decides on them."""

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from model_serving.databricks.this_machine import is_on_this_machine
from model_serving.policies.pack.input_values import at
from model_serving.policies.pack.rule import Resource, Violation

_FIGURES: Final = ("errors_below", "p95_below", "compare")
"""What of a gate is read from the endpoint's metrics."""

_SHORTEST: Final = 120
"""Seconds that contain a whole minute, wherever they begin.

Databricks' metrics of an endpoint are those of the last full minute. Source: documentation, "Track and export serving
endpoint health metrics": rates are the requests within a minute. How late a minute is published is not documented.
"""


def bake_violations(resource: Resource, rollout: Mapping[str, Any]) -> Iterator[Violation]:
    """The advice on a rollout whose steps may end without figures, on a workspace that isn't this machine."""
    gate = at(rollout, "gate")
    if not any(at(gate, name) is not None for name in _FIGURES) or not _is_remote(resource):
        return
    bake = _seconds(at(rollout, "bake"))
    if bake is not None and bake < _SHORTEST:
        yield Violation(
            f"Each step bakes for {bake:g} s, and the endpoint's metrics are by the full minute: a step that ends "
            "without any waits once as long, then fails",
            advisory=True,
            field_path=("rollout", "bake"),
            fixes=("bake: 2m, or longer",),
        )


def _seconds(bake: Any) -> float | None:
    """The duration in seconds; None for what is none. Only a stack with a rollout loads the vocabulary's parser."""
    duration = import_module("model_serving.spec.vocabulary.quantities").Duration
    try:
        return float(duration.parse(bake))
    except ValueError:
        return None


def _is_remote(resource: Resource) -> bool:
    """Whether the workspace is known to be another machine. An embedded one has its metrics at once."""
    host = at(dict(resource.provider), "host") or os.environ.get("DATABRICKS_HOST")
    return isinstance(host, str) and not is_on_this_machine(host)
