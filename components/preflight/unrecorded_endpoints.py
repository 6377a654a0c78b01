"""Declared endpoints that are live but missing from the stack's state: import them or report who owns them.

The workspace may create an endpoint whose answer is lost: by a proxy's 504, a reset, a second Ctrl-C or a kill. The
state then lacks the endpoint, and every later run would fail with "already exists". An endpoint that an earlier run of
this stack created is imported. Any other is a problem in the report, before anything is registered.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pulumi

from model_serving.components.args import ServingEndpointArgs
from model_serving.components.engine.state import State
from model_serving.components.preflight.report import PreflightReport
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.serving_endpoints import (
    LONGEST_UPDATE_SECONDS,
    StillUpdatingError,
    endpoint_path,
    is_updating,
    wait_for_update,
)
from model_serving.spec.diagnostics import Problem
from model_serving.spec.endpoint_resources import is_successor
from model_serving.spec.field_path import FieldPath
from model_serving.spec.succession import PREDECESSOR

_CLOCK_SKEW_SECONDS: Final = 300.0
"""How far this machine's clock and the workspace's may differ."""


@dataclass(frozen=True)
class UnrecordedEndpoint:
    """A declared endpoint that is live and not in the state. `live` is the workspace's answer to GET."""

    resource: str
    args: ServingEndpointArgs
    live: Mapping[str, Any]
    path: FieldPath = ()

    @property
    def created(self) -> float:
        """In seconds since 1970."""
        return float(self.live.get("creation_timestamp") or 0) / 1000


def endpoints_to_import(
    declared: Mapping[str, ServingEndpointArgs],
    report: PreflightReport,
    state: State,
    connect: Callable[[], Workspace],
    creation_times: Callable[[], Mapping[str, float]],
    *,
    paths: Mapping[str, FieldPath],
) -> frozenset[str]:
    """The resource names of the endpoints to import. Adds a problem to the report for each endpoint of another owner.

    `declared` and `paths`, the places in the stack file, are by resource name. `creation_times` has when each component
    of the stack was first recorded. It and `connect` are called only if a declared endpoint is live and not in the
    state. `up` waits for the deployment of an endpoint that it imports.
    """
    recorded = {each.name: each.outputs.get("name") for each in state.of(MODEL_SERVING)}
    unrecorded = {
        resource: args
        for resource, args in declared.items()
        if args.name in report.live and args.name not in recorded.values() and resource not in recorded
    }
    deployer = report.deployer or report.caller
    if not unrecorded or not state.is_known or deployer is None:
        return frozenset()
    workspace, times, to_import = connect(), creation_times(), set()
    for resource, args in unrecorded.items():
        endpoint = UnrecordedEndpoint(resource, args, _read(workspace, report.live[args.name]), paths[resource])
        if reason := foreign_reason(endpoint, deployer.name, times.get(resource), is_you=deployer == report.caller):
            report.problems.append(_problem(endpoint, reason))
        elif _is_importable(endpoint, workspace):
            to_import.add(resource)
            report.warnings.append(_warning(endpoint, "`up` imports it"))
        else:
            report.warnings.append(_warning(endpoint, "It is still being deployed: `up` waits for that"))
    return frozenset(to_import)


def foreign_reason(
    endpoint: UnrecordedEndpoint, deployer: str, component_created: float | None, *, is_you: bool = True
) -> str | None:
    """Why an earlier run of this stack cannot have created the endpoint; None if it can."""
    creator, args = endpoint.live.get("creator"), endpoint.args
    if creator != deployer:
        return f"{creator or 'somebody else'} created it, and {'you are' if is_you else 'the deployer is'} {deployer}"
    who = "you" if is_you else f"the deployer {deployer}"
    if component_created is None:
        return f"{who} created it, and no run of this stack began to"
    if endpoint.created < component_created - _CLOCK_SKEW_SECONDS:
        return f"{who} created it on {_day(endpoint.created)}, before this stack declared it"
    different = [name for name, desired, actual in _traits(args, endpoint.live) if desired != actual]
    return f"{who} created it, but not as it is declared here: {', '.join(different)} differ" if different else None


def _traits(args: ServingEndpointArgs, live: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Fields that the creation sends, each with its desired and its actual value."""
    config = live.get("config") or live.get("pending_config") or {}
    served = {entity.get("name"): entity.get("entity_name") for entity in config.get("served_entities") or []}
    return [
        ("tags", dict(args.tags), {tag["key"]: tag.get("value", "") for tag in live.get("tags") or []}),
        ("route_optimized", args.route_optimized, bool(live.get("route_optimized"))),
        ("served_entities", {name: _model(entity) for name, entity in args.served_entities.items()}, served),
    ]


def _model(entity: Any) -> Any:
    name = entity.feature_spec or entity.entity
    return name.partition("@")[0] if isinstance(name, str) else name


def _read(workspace: Workspace, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The whole endpoint: its list entry lacks `route_optimized` and a first config that is being deployed."""
    try:
        return workspace.get(endpoint_path(str(entry["name"])))
    except WorkspaceError:
        return {**entry, "creator": None}


def _is_importable(endpoint: UnrecordedEndpoint, workspace: Workspace) -> bool:
    """True once it is deployed: until then the provider reads no config, and the workspace refuses another one."""
    if not is_updating(endpoint.live):
        return True
    if pulumi.runtime.is_dry_run():
        return False
    minutes = LONGEST_UPDATE_SECONDS // 60
    pulumi.log.info(f'Waiting until endpoint "{endpoint.args.name}" is deployed, for at most {minutes} minutes')
    with suppress(StillUpdatingError):
        wait_for_update(endpoint.live, lambda: _read(workspace, endpoint.live))
    return True


def _problem(endpoint: UnrecordedEndpoint, reason: str) -> Problem:
    name = endpoint.args.name
    hint = f"Choose another name. Or adopt it as it is: {'; or '.join(_ways_to_adopt(endpoint))}"
    return endpoint.path, f'the workspace has an endpoint "{name}" that is not in this stack: {reason}', hint


def _ways_to_adopt(endpoint: UnrecordedEndpoint) -> Iterator[str]:
    """A predecessor has no `adopt_id`, and a successor is adopted where it is declared."""
    if PREDECESSOR not in endpoint.path:
        yield f'set `adopt_id: "{endpoint.live.get("id")}"` here, which compares the two'
    if not is_successor(endpoint.resource):
        command = f"model-serving adopt --stack {pulumi.get_stack()} --name {endpoint.args.name} --write"
        yield f"remove this block, then: {command}"


def _warning(endpoint: UnrecordedEndpoint, consequence: str) -> str:
    name = endpoint.args.name
    return (
        f'Endpoint "{name}" is live and not in the state: an earlier run of this stack created it on'
        f" {_day(endpoint.created)} and got no answer. {consequence}. `destroy` would leave it there:"
        f" databricks serving-endpoints delete {name}"
    )


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
