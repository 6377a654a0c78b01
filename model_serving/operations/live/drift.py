"""How an endpoint differs from what the stack files declare: what serves, stopped or not, route optimization, its id.

Tags, permissions and settings are not compared here: `model-serving drift` compares everything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.components.deployment.served_config import config_body, config_differences
from model_serving.components.from_spec import declared_args
from model_serving.components.inputs import endpoint_inputs
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.databricks.serving_endpoints import is_stopped, is_updating
from model_serving.operations.live.targets import Target
from model_serving.spec import Endpoint, Stack
from model_serving.spec.files.secrets import is_unknown
from model_serving.spec.succession import DeclaredEndpoint

_UNKNOWN_VERSION = "?"
"""The version of an alias that could not be read: it is not compared."""


@dataclass(frozen=True)
class Declared:
    """What the stack files and the state say of an endpoint."""

    config: Mapping[str, Any] | None
    """The body of PUT config; None where the stack files do not declare the endpoint, or have errors."""
    is_state_known: bool
    """Whether the state could be read."""


def aliases(endpoints: Iterable[Endpoint]) -> list[str]:
    """The aliases of models that these endpoints serve, such as `main.ml.fraud@Champion`."""
    served = (entity.entity for each in endpoints for entity in each.served_entities.values())
    return sorted({name for name in served if isinstance(name, str) and "@" in name})


def declared_config(stack: Stack, declared: DeclaredEndpoint, version: Callable[[str], str | None]) -> dict[str, Any]:
    """The body of PUT config that the stack files declare. `version` gives that of an alias, None if it is unknown."""
    args = resolve_aliases(declared_args(stack, declared), lambda alias: version(alias) or _UNKNOWN_VERSION)
    return config_body(endpoint_inputs(args).model_serving)


def differences(target: Target, live: Mapping[str, Any], declared: Declared, *, listed: bool) -> Iterator[str]:
    """A phrase for each difference of GET's answer, or with `listed` of a summary in the listing."""
    if target.deployed and live.get("id") not in (None, target.deployed.id):
        yield "it was deleted and created again under this name, outside of this stack"
    is_being_created = is_updating(live) and not live.get("config")  # by a run that has not recorded it yet
    if declared.is_state_known and not target.deployed and not is_being_created:
        yield "it exists, but not in the state of this stack"
    if target.declared is None or declared.config is None:
        return
    if target.declared_name and target.declared_name != live.get("name"):
        yield f"its name is {live.get('name')} instead of {target.declared_name}"
    if listed:
        yield from _listed_differences(declared.config, live)
        return
    served = live.get("pending_config") if is_updating(live) else live.get("config")
    yield from config_differences(_comparable(declared.config, served or {}), served)
    if is_stopped(live) != target.declared.stopped and not is_updating(live):
        yield "it is stopped" if is_stopped(live) else "it is not stopped"
    if bool(live.get("route_optimized")) != target.declared.route_optimized:
        yield f"route_optimized is {str(bool(live.get('route_optimized'))).lower()}"


def _listed_differences(declared: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[str]:
    """The differences in models and versions, which is all that a listing has."""
    wanted = {str(each.get("name")): each for each in declared.get("served_entities") or []}
    served = {str(each.get("name")): each for each in (live.get("config") or {}).get("served_entities") or []}
    if served and not is_updating(live):
        yield from (f'"{name}" is not served' for name in sorted(wanted.keys() - served))
        yield from (f'"{name}" is still served' for name in sorted(served.keys() - wanted))
        for name in sorted(wanted.keys() & served):
            for field in ("entity_name", "entity_version"):
                now, then = served[name].get(field) or "", wanted[name].get(field) or ""
                if then not in (now, _UNKNOWN_VERSION):
                    yield f'"{name}": {field} {now or "not set"} instead of {then or "not set"}'


def _comparable(declared: Mapping[str, Any], served: Mapping[str, Any]) -> dict[str, Any]:
    """The declared config with the served values of what can't be known here: secrets, and unread aliases."""
    live = {each.get("name"): each for each in served.get("served_entities") or []}
    entities = []
    for entity in declared.get("served_entities") or []:
        now, known = live.get(entity.get("name")) or {}, dict(entity)
        if entity.get("entity_version") == _UNKNOWN_VERSION:
            known["entity_version"] = now.get("entity_version")
        if variables := entity.get("environment_vars"):
            given = now.get("environment_vars") or {}
            known["environment_vars"] = {
                name: given.get(name, value) if is_unknown(value) else value for name, value in variables.items()
            }
        entities.append(known)
    return {**declared, "served_entities": entities}
