"""The provider's names in the words of a stack file, which is where an author changes them."""

import re

from model_serving.databricks.naming import snake_case
from model_serving.review.plan.diff import Path

_SAID_OTHERWISE = {
    "entityName": "entity",
    "entityVersion": "version",
    "scaleToZeroEnabled": "scale_to_zero",
    "burstScalingEnabled": "burst_scaling",
    "autoCaptureConfig": "auto_capture",
    "inferenceTableConfig": "inference_table",
    "onUpdateSuccesses": "on_update_success",
    "onUpdateFailures": "on_update_failure",
    "accessControls": "permissions",
}
_LEFT_OUT = {"config", "routes", "trafficPercentage"}
_SHORTER = {"trafficConfig": "traffic"}


def spoken(path: Path) -> str:
    """`config.servedEntities[champion].entityVersion` as `served_entities.champion.version`."""
    words = [_word(part) for part in path if part not in _LEFT_OUT]
    if path[:1] == ("tags",) and words[-1:] == ["value"]:
        words.pop()
    return ".".join(words) or ".".join(path)


def _word(part: str) -> str:
    if part.startswith("["):
        return part[1:-1]
    return _SHORTER.get(part) or _SAID_OTHERWISE.get(part) or snake(part)


def snake(name: str) -> str:
    """`routeOptimized` as `route_optimized`; a name that an author chose stays as it is."""
    if not re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)+", name):
        return name
    return snake_case(name)
