"""Live endpoints that a stack adopts: each must be the one that is meant, and declared as it is.

An endpoint with `adopt_id` is read, with its permissions, only while the state lacks one of the two. Whatever differs
is a problem at its place in the stack file, before anything is registered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from model_serving.components.adoption.adoption import Adoption
from model_serving.components.adoption.differences import access_differences, field_differences
from model_serving.components.args import ServingEndpointArgs
from model_serving.components.endpoint_settings.wire import SETTINGS, seen
from model_serving.components.engine.state import State
from model_serving.components.from_spec import with_application_ids
from model_serving.components.inputs import endpoint_inputs
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.requirements import resolve_aliases
from model_serving.databricks.access_lists import access_list_path, direct_entries, without_own
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.resource_types import (
    ENDPOINT_ACCESS,
    ENDPOINT_SETTINGS,
    ENDPOINT_STOP,
    MODEL_SERVING,
    PERMISSIONS,
)
from model_serving.databricks.serving_endpoints import endpoint_path, is_stopped, is_updating
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath

_PARALLEL: Final = 32
_STOPPED: Final = "stopped"
_ACCESS: Final = "accessControls"
_CHILDREN: Final = (ENDPOINT_SETTINGS, PERMISSIONS, ENDPOINT_ACCESS, ENDPOINT_STOP)


@dataclass(frozen=True)
class AdoptedEndpoint:
    """An endpoint with `adopt_id` in the stack file. `resource` is its name in Pulumi."""

    resource: str
    path: FieldPath
    adopt_id: str
    args: ServingEndpointArgs


@dataclass(frozen=True)
class _Live:
    """An endpoint and its access list. `access` is None where permissions are not declared."""

    answer: Mapping[str, Any]
    access: Mapping[str, Any] | None


@dataclass(frozen=True)
class _Recorded:
    """What the state has of an endpoint: its id, and the names of all children of endpoints."""

    endpoint_id: str | None
    children: frozenset[str]

    @classmethod
    def of(cls, wanted: AdoptedEndpoint, state: State) -> "_Recorded":
        ids = [
            str(each.outputs.get("servingEndpointId"))
            for each in state.of(MODEL_SERVING)
            if each.name == wanted.resource or each.outputs.get("name") == wanted.args.name
        ]
        children = (each.name for kind in _CHILDREN for each in state.of(kind))
        return cls(ids[0] if ids else None, frozenset(children))


def adoptions(
    wanted: Iterable[AdoptedEndpoint],
    report: PreflightReport,
    state: State,
    connect: Callable[[], Workspace],
    application_ids: Mapping[str, str],
) -> dict[str, Adoption]:
    """The adoptions by resource name. Adds a problem to the report for everything that can't be taken as it is.

    `application_ids` are those of the stack's existing service principals, by key. `connect` is called only if an
    endpoint is not in the state yet.
    """
    recorded = {each.resource: _Recorded.of(each, state) for each in wanted}
    open_ = [each for each in wanted if _is_open(each, recorded[each.resource])]
    if not open_ or not state.is_known or report.caller is None:
        return {}
    workspace = connect()
    with ThreadPoolExecutor(_PARALLEL) as pool:
        lives = list(pool.map(lambda each: _read(workspace, each), open_))
    found: dict[str, Adoption] = {}
    for each, live in zip(open_, lives, strict=True):
        is_new = recorded[each.resource].endpoint_id is None
        problems = [*_problems(each, live)] if is_new else []
        if isinstance(live, _Live) and not problems:
            args = _resolved(each.args, report, application_ids)
            differing = [*access_differences(args.granted, live.access or {}, _deployer(report))]
            if is_new:
                every = [*field_differences(args, live.answer), *(differing if args.permissions else ())]
                problems = [difference.problem(each.path) for difference in every]
            if not problems:
                imports = bool(args.permissions) and not differing and _is_importable(live, report)
                found[each.resource] = Adoption(each.adopt_id, imports, _live_inputs(args, live, report))
        report.problems += problems
    return found


def is_another(adopt_id: str, resource: str, state: State) -> bool:
    """Whether another resource of the state has that endpoint: the line is left from before a migration."""
    return any(
        each.outputs.get("servingEndpointId") == adopt_id and each.name != resource for each in state.of(MODEL_SERVING)
    )


def _is_importable(live: _Live, report: PreflightReport) -> bool:
    """Whether the provider sees a list: its read leaves out the caller's own entries."""
    caller = report.caller.name if report.caller else ""
    return any(not entry.is_of(caller) for entry in direct_entries(live.access or {}))


def _is_open(wanted: AdoptedEndpoint, recorded: _Recorded) -> bool:
    """Whether something is left to import: all of it, or what a killed run did not get to."""
    if recorded.endpoint_id is None:
        return True
    return recorded.endpoint_id == wanted.adopt_id and not recorded.children.issuperset(_children(wanted))


def _children(wanted: AdoptedEndpoint) -> Iterator[str]:
    """The resource names of what belongs to the endpoint, as the component registers it."""
    args = wanted.args
    if any((args.ai_gateway, args.email_notifications, args.telemetry_config)):
        yield f"{wanted.resource}-settings"
    if args.permissions is not None:
        yield f"{wanted.resource}-permissions"
    if args.stopped:
        yield f"{wanted.resource}-stop"


def _deployer(report: PreflightReport) -> str | None:
    return report.deployer.name if report.deployer else None


def _read(workspace: Workspace, wanted: AdoptedEndpoint) -> _Live | WorkspaceError | None:
    """The endpoint, by its name: a listing may lie behind. None if there is none."""
    try:
        answer = workspace.find(endpoint_path(wanted.args.name))
        needs_access = answer is not None and wanted.args.permissions is not None
        access = workspace.find(access_list_path(wanted.adopt_id)) if needs_access else None
    except WorkspaceError as error:
        return error
    return None if answer is None else _Live(answer, access)


def _problems(wanted: AdoptedEndpoint, live: _Live | WorkspaceError | None) -> Iterator[Problem]:
    """Why the endpoint can't be adopted, whatever is declared of it."""
    path, name = (*wanted.path, "adopt_id"), wanted.args.name
    if isinstance(live, WorkspaceError):
        hint = "Adopt it as an identity that may read the endpoint and its permissions, or remove `adopt_id`"
        yield path, f'endpoint "{name}" can\'t be read: {live}', hint
    elif live is None:
        yield path, f'the workspace has no endpoint "{name}"', "Correct `name`; or remove `adopt_id` to create it"
    elif live.answer.get("id") != wanted.adopt_id:
        message = f'endpoint "{name}" has another id, {live.answer.get("id")}: it is not the one that was meant'
        creator = live.answer.get("creator") or "somebody"
        hint = f"Ask {creator}, who created it. To adopt this one, run `model-serving adopt --name {name}` again"
        yield path, message, hint
    elif is_updating(live.answer):
        yield path, f'endpoint "{name}" is being updated', "Adopt it when the update has ended: run the same again"
    elif not live.answer.get("config"):
        message = f'endpoint "{name}" has never been deployed: it has no config to compare with'
        yield path, message, f"Remove `adopt_id` after `databricks serving-endpoints delete {name}`, to create it here"


def _resolved(
    args: ServingEndpointArgs, report: PreflightReport, application_ids: Mapping[str, str]
) -> ServingEndpointArgs:
    """The arguments as `up` sends them. A principal that the stack creates keeps its key: it has no live permission."""
    named = with_application_ids(args, lambda principal: application_ids.get(principal, principal))
    return resolve_aliases(named, lambda alias: report.versions.get(alias, alias))


def _live_inputs(args: ServingEndpointArgs, live: _Live, report: PreflightReport) -> frozenset[str]:
    """The inputs of this project's own resources that are live already."""
    inputs = endpoint_inputs(args)
    found = {
        name for name, value in inputs.settings.items() if seen(value, live.answer.get(SETTINGS[name].member)) == value
    }
    kept = (args.deployer, _deployer(report), str(live.answer.get("creator")))
    if args.permissions == [] and live.access and not without_own(direct_entries(live.access), *kept):
        found.add(_ACCESS)
    if args.stopped and is_stopped(live.answer):
        found.add(_STOPPED)
    return frozenset(found)
