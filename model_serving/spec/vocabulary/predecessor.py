"""The predecessor of an endpoint: its callers use it until they have moved to the endpoint itself, its successor.

Immutable fields of an endpoint are changed by creating a successor beside it. A stack file declares both at one key.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from model_serving.spec.vocabulary.endpoint import EndpointFields
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import Flag

NAME = "name"
"""The field that a predecessor never takes from its endpoint."""


class Predecessor(EndpointFields):
    """The endpoint that callers use until they have moved to its successor, which is the endpoint around it.

    A key that is written here replaces the endpoint's: maps merge, lists and single values replace, and `null` removes.
    Every key that is not written here, except `name`, is as in the endpoint.
    """

    protect: Flag = Field(
        default=False,
        exclude=True,
        description="Pulumi doesn't delete the predecessor. Set it to false and deploy that before its removal.",
    )


def whole_predecessor(endpoint: Mapping[str, Any], predecessor: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a predecessor with what it takes from the data of its endpoint, both as in a stack file."""
    taken = {name: endpoint[name] for name in Predecessor.model_fields if name in endpoint and name != NAME}
    return laid_over(taken, predecessor)


def laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One map over another as written in a predecessor: maps merge, other values replace, and None removes."""
    result = dict(under)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = laid_over(_as_map(result.get(key)), value)
        else:
            result[key] = value
    return result


def _as_map(value: Any) -> Mapping[str, Any]:
    """A map that another one is laid over: of a model, the fields that were set; empty for anything else."""
    if isinstance(value, Model):
        return {name: getattr(value, name) for name in value.model_fields_set}
    return value if isinstance(value, Mapping) else {}
