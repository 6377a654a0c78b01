"""Endpoints that are live, declared and not in the stack's state: an earlier run's own, or another's.

The workspace may create an endpoint and its answer may be lost: by a proxy's 504, a reset, a second Ctrl-C, a kill.
Pulumi's state then knows nothing of it, and every later run would end in "already exists". What an earlier run of this
stack created is imported instead; for what another created the report has an error, before anything is registered.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pulumi

from model_serving.components.args import ServingEndpointArgs
from model_serving.components.deployment.failure_report import place
from model_serving.components.deployment.lost_updates import LONGEST_SECONDS, POLL_SECONDS
from model_serving.components.engine.state import State
from model_serving.components.preflight.checks import Report
from model_serving.databricks.client import Workspace, WorkspaceError
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.spec.field_path import FieldPath

_CLOCKS_DIFFER_BY: Final = 300.0
"""Seconds by which this machine's clock and the workspace's may differ."""


@dataclass(frozen=True)
class Live:
    """A declared endpoint that is live and not in the state. `found` is what the workspace says of it."""

    key: str
    args: ServingEndpointArgs
    found: Mapping[str, Any]

    @property
    def created(self) -> float:
        """In seconds since 1970."""
        return float(self.found.get("creation_timestamp") or 0) / 1000

    @property
    def is_deploying(self) -> bool:
        return (self.found.get("state") or {}).get("config_update") == "IN_PROGRESS"


def take_over(
    declared: Mapping[str, ServingEndpointArgs],
    report: Report,
    state: State,
    workspace: Callable[[], Workspace],
    begun: Callable[[], Mapping[str, float]],
) -> frozenset[str]:
    """The keys of the endpoints to import. What is another's becomes a finding of the report, the rest a warning.

    `begun` has when each component of the stack came into its state; it and `workspace` are asked only where a declared
    endpoint is live and not in the state. In `up`, waits until such an endpoint of ours is deployed.
    """
    recorded = {each.outputs.get("name") for each in state.of(MODEL_SERVING)} | {
        each.name for each in state.of(MODEL_SERVING)
    }
    unknown = {
        key: args
        for key, args in declared.items()
        if args.name in report.live and args.name not in recorded and key not in recorded
    }
    if not unknown or not state.is_known or report.me is None:
        return frozenset()
    first, taken = begun(), set()
    for key, args in unknown.items():
        live = Live(key, args, _read(workspace(), report.live[args.name]))
        if reason := not_ours(live, report.me.name, first.get(key)):
            report.findings.append(_finding(live, reason))
        elif _is_importable(live, workspace()):
            taken.add(key)
            report.warnings.append(f"{_found(live)} It is taken over: `up` imports it. {_leave(live)}")
        else:
            report.warnings.append(f"{_found(live)} It is still being deployed: `up` waits for that. {_leave(live)}")
    return frozenset(taken)


def not_ours(live: Live, caller: str, begun: float | None) -> str | None:
    """Why an earlier run of this stack can't have created the endpoint; None where it has, by all that is known."""
    creator, args = live.found.get("creator"), live.args
    if creator != caller:
        return f"{creator or 'somebody else'} created it, and you are {caller}"
    if begun is None:
        return "you created it, and no run of this stack began to"
    if live.created < begun - _CLOCKS_DIFFER_BY:
        return f"you created it on {_day(live.created)}, before this stack declared it"
    different = [name for name, wanted, has in _traits(args, live.found) if wanted != has]
    return f"you created it, but not as it is declared here: {', '.join(different)} differ" if different else None


def _traits(args: ServingEndpointArgs, found: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What a creation of ours has sent: as it is declared and as it is."""
    config = found.get("config") or found.get("pending_config") or {}
    served = {entity.get("name"): entity.get("entity_name") for entity in config.get("served_entities") or []}
    return [
        ("tags", dict(args.tags), {tag["key"]: tag.get("value", "") for tag in found.get("tags") or []}),
        ("route_optimized", args.route_optimized, bool(found.get("route_optimized"))),
        ("served_entities", {name: _model(entity) for name, entity in args.served_entities.items()}, served),
    ]


def _model(entity: Any) -> Any:
    name = entity.feature_spec or entity.entity
    return name.partition("@")[0] if isinstance(name, str) else name


def _read(workspace: Workspace, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """All of the endpoint: a listing leaves out whether it is route optimized, and a first config in deployment."""
    try:
        return workspace.get(place(str(listed["name"])))
    except WorkspaceError:
        return {**listed, "creator": None}


def _is_importable(live: Live, workspace: Workspace) -> bool:
    """Once it is deployed: until then the provider reads no config of it, and the workspace refuses another one."""
    if not live.is_deploying:
        return True
    if pulumi.runtime.is_dry_run():
        return False
    minutes = LONGEST_SECONDS // 60
    pulumi.log.info(f'Waiting until endpoint "{live.args.name}" is deployed, for at most {minutes} minutes')
    deadline = time.monotonic() + LONGEST_SECONDS
    while live.is_deploying and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        live = Live(live.key, live.args, _read(workspace, live.found))
    return True


def _finding(live: Live, reason: str) -> tuple[FieldPath, str, str]:
    path = ("endpoints", live.key)
    message = f'the workspace has an endpoint "{live.args.name}" that is not in this stack: {reason}'
    return path, message, f"Choose another name. Or, to manage it here from now on: {_import(live)}"


def _import(live: Live) -> str:
    """Without --parent, which must be in the state already: the component finds its endpoint by an alias."""
    options = f"--stack {pulumi.get_stack()} --protect=false --generate-code=false --yes"
    return f"pulumi import {MODEL_SERVING} {live.key} {live.args.name} {options}"


def _found(live: Live) -> str:
    created = f"an earlier run of this stack created it on {_day(live.created)} and got no answer."
    return f'Endpoint "{live.args.name}" is live and not in the state: {created}'


def _leave(live: Live) -> str:
    return f"`destroy` would leave it there: databricks serving-endpoints delete {live.args.name}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
