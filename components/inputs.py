"""An endpoint's arguments as the inputs of its resources. Pure: nothing is registered or read.

Each field is sent under its provider name, which the vocabulary declares; fields without a value are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_serving.components.args import ServingEndpointArgs
from model_serving.contract.rows import Handling, fields
from model_serving.spec.introspection import provider_path
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.stack import Permission, ServedEntity

SETTINGS: Final = frozenset(row.path for row in fields("model_serving") if row.handling is Handling.SETTINGS)
"""The inputs that `EndpointSettings` writes, by the provider's name."""


@dataclass(frozen=True)
class EndpointInputs:
    """The inputs of an endpoint's resources. `settings` is empty where none are declared.

    `access_controls` is None where permissions are not managed.
    """

    model_serving: dict[str, Any]
    settings: dict[str, Any]
    access_controls: list[dict[str, Any]] | None


def endpoint_inputs(args: ServingEndpointArgs) -> EndpointInputs:
    """The inputs of `databricks.ModelServing`, `EndpointSettings` and `databricks.Permissions`."""
    # Routes are always sent: otherwise the provider sends the route of an entity that was renamed or removed.
    routes = [{"servedModelName": name, "trafficPercentage": share} for name, share in args.routes.items()]
    inputs = _inputs(
        args,
        served_entities=[served_entity_inputs(name, entity) for name, entity in args.served_entities.items()],
        traffic={"routes": routes},
        tags=[{"key": key, "value": value} for key, value in sorted(args.tags.items())],
    )
    settings = {name: inputs.pop(name) for name in sorted(SETTINGS & inputs.keys())}
    access = None if args.permissions is None else access_controls(args.permissions)
    return EndpointInputs(inputs, settings, access)


def access_controls(permissions: Sequence[Permission]) -> list[dict[str, Any]]:
    """The whole access list of an endpoint: `databricks.Permissions` replaces what was there.

    The provider keeps names of users in lower case, so any other spelling would be a difference at every run.
    """
    return [
        _inputs(each, user=_lower(each.user), service_principal=_lower(each.service_principal)) for each in permissions
    ]


def served_entity_inputs(name: str, entity: ServedEntity) -> dict[str, Any]:
    """The inputs of one served entity of `databricks.ModelServing`."""
    if entity.external_model:
        return {"name": name, "externalModel": _inputs(entity.external_model)}
    return {"name": name, **_inputs(entity, workload_type=_workload_type(entity))}


def _workload_type(entity: ServedEntity) -> str | None:
    """CPU by default: the provider keeps the old type of an entity without one, so a GPU would stay.

    Foundation models have none.
    """
    provisioned = (
        entity.min_provisioned_throughput,
        entity.max_provisioned_throughput,
        entity.provisioned_model_units,
    )
    return entity.workload_type or ("CPU" if provisioned == (None, None, None) else None)


def _lower(name: Any) -> Any:
    """In lower case. `destroy` creates nothing: the name of a principal that isn't in the state is None there."""
    if name is None or isinstance(name, str):
        return name and name.lower()
    return name.apply(lambda known: known.lower() if known else None)


def _inputs(model: Model, **transformed: Any) -> dict[str, Any]:
    """The fields of a model under their provider names; `transformed` are values by field that differ from the model's.

    Values stay what they are, secrets and outputs too.
    """
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = _input(transformed[name] if name in transformed else getattr(model, name))
        if value is None or field.exclude:
            continue
        *around, last = provider_path(field)
        target = found
        for part in around:
            target = target.setdefault(part, {})
        target[last] = value
    return found


def _input(value: Any) -> Any:
    if isinstance(value, Model):
        return _inputs(value)
    if isinstance(value, list):
        return [_input(each) for each in value] or None
    return (value or None) if isinstance(value, dict) else value
