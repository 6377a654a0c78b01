"""One look at the workspace before anything is registered: aliases become versions, and what is missing is told.

All of it at once, each with the field that asks for it. What the caller may not read is a warning, never a reason to
stop: then the workspace itself decides.
"""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, Protocol

import pulumi

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.engine.threads import in_thread
from model_serving.components.preflight.checks import (
    Report,
    look_at_scope,
    look_at_state,
    look_at_version,
    look_for_privileges,
)
from model_serving.components.preflight.privileges import Caller, caller
from model_serving.components.preflight.requirements import Needs, needs, pinned
from model_serving.components.providers import default_settings
from model_serving.databricks.client import (
    SignInError,
    UnavailableError,
    UnreachableError,
    Workspace,
    WorkspaceError,
    connect,
)
from model_serving.databricks.reachability import is_on_this_machine
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import dotted

_AT_ONCE: Final = 8

UNRESOLVED: Final = "unresolved alias"
"""The version of an alias where findings are warnings only: one that the workspace refuses."""


def preflight(endpoints: Sequence[Needs], settings: Mapping[str, Any]) -> Report:
    """Ask the workspace of these provider settings for what the endpoints need.

    Raises pulumi.RunError where it doesn't answer or doesn't know the caller.
    """
    if not endpoints:
        return Report()
    report = Report()
    try:
        _look(report, endpoints, connect(settings))
    except WorkspaceError as error:
        reason = _in_a_sentence(error, settings.get("host"))
        if not _warns_only():
            raise pulumi.RunError(reason) from None
        report.warnings.append(f"{_GOES_ON}, though not everything was checked. {reason}")
    return report


def _in_a_sentence(error: Exception, host: Any) -> str:
    """Why the workspace could not be asked, with the way out."""
    match error:
        case SignInError():
            return f"The workspace {host or ''} knows no such caller: {error}\n{_SIGN_IN}"
        case UnavailableError():
            return f"{error}\n{_LATER}"
        case UnreachableError():
            return f"{error}\n{_way_to(host)}"
        case _:
            return f"The workspace could not be asked for what the endpoints need: {error}"


_SIGN_IN = "Set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_TOKEN, in the environment"
_LATER = (
    "Run the command again when the workspace is available. How long a call is tried:"
    " pulumi config set databricks:retryTimeoutSeconds 600"
)


def _way_to(host: Any) -> str:
    if is_on_this_machine(host):
        return "Start the embedded workspace in another terminal: make workspace"
    return "Check databricks:host in the stack file, and that this machine can reach it"


def _warns_only() -> bool:
    """MODEL_SERVING_PREFLIGHT=warn in the environment: the workspace decides, for example on what can be destroyed."""
    return os.environ.get("MODEL_SERVING_PREFLIGHT") == "warn"


class Telling(Protocol):
    """Findings as text. `outcome` says what happens then, where that is not a refusal."""

    def __call__(self, findings: Sequence[Problem], outcome: str = ..., /) -> str: ...


_GOES_ON: Final = "MODEL_SERVING_PREFLIGHT=warn, so the deployment goes on"


def raise_findings(report: Report, told: Telling) -> None:
    """Log the warnings, and raise pulumi.RunError with every finding, in the words of `told`.

    MODEL_SERVING_PREFLIGHT=warn in the environment makes findings warnings: to destroy what can't be created any more.
    """
    for warning in report.warnings:
        pulumi.log.warn(warning)
    if report.findings and _warns_only():
        pulumi.log.warn(told(report.findings, _GOES_ON))
    elif report.findings:
        raise pulumi.RunError(told(report.findings))


def in_words(findings: Sequence[Problem], outcome: str = "") -> str:
    """Each finding with its field's path, a line each."""
    lines = [f"{dotted(path)}: {message}. {hint}" for path, message, hint in findings]
    return "\n".join([f"{outcome}:", *lines] if outcome else lines)


def checked(
    name: str, args: ServingEndpointArgs, settings: pulumi.Output[dict[str, Any]] | None
) -> ServingEndpointArgs:
    """The arguments with aliases resolved, once the workspace has what they need: for a component by itself."""
    if not args.preflight:
        return args
    asked = needs((name,), args)

    async def look(known: dict[str, Any]) -> dict[str, str]:
        report = await in_thread(preflight, [asked], known)
        raise_findings(report, in_words)
        return report.versions

    where: pulumi.Output[dict[str, Any]] = settings or pulumi.Output.from_input(default_settings())
    versions: pulumi.Output[dict[str, str]] = where.apply(look)
    resolved = pinned(args, lambda alias: versions.apply(lambda known: known.get(alias, UNRESOLVED)))
    return dataclasses.replace(
        resolved, served_entities={key: _after(versions, each) for key, each in resolved.served_entities.items()}
    )


def _after(look: pulumi.Output[Any], entity: ServedEntityArgs) -> ServedEntityArgs:
    """The same entity, not known before the look is over: nothing is registered when that fails."""
    if entity.entity is None and entity.feature_spec is None:
        return entity
    entity_name = pulumi.Output.from_input(entity.feature_spec or entity.entity)
    looked = pulumi.Output.all(look, entity_name).apply(lambda known: str(known[1]))
    return dataclasses.replace(entity, feature_spec=None, entity=looked)


def _look(report: Report, endpoints: Sequence[Needs], workspace: Workspace) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool, _nothing_more_after_a_failure(pool):
        who = pool.submit(caller, workspace)
        listing = pool.submit(_listed, workspace)
        models = {model for endpoint in endpoints for model in endpoint.models}
        looks: list[Callable[[], Report]] = [functools.partial(look_at_version, workspace, model) for model in models]
        scopes = {reference.scope for endpoint in endpoints for reference in endpoint.secrets}
        looks += [functools.partial(look_at_scope, workspace, scope, endpoints) for scope in scopes]
        for found in [pool.submit(_tried, look) for look in looks]:
            _add(report, found.result())
        report.me, report.live = who.result(), listing.result()
        new = {model.name: model for each in endpoints if each.name not in report.live for model in each.models}
        grants = [
            pool.submit(_tried, functools.partial(look_for_privileges, workspace, report.me, model))
            for model in new.values()
            if model.in_unity_catalog
        ]
        declared = [report.live[each.name] for each in endpoints if each.name in report.live]
        states = [pool.submit(_tried, functools.partial(look_at_state, workspace, each)) for each in declared]
        for look in (*grants, *states):
            _add(report, look.result())
    report.findings.sort(key=lambda finding: [str(part) for part in finding[0]])
    report.warnings = sorted({*report.warnings, *_other_creators(endpoints, report.me, report.live)})


@contextmanager
def _nothing_more_after_a_failure(pool: ThreadPoolExecutor) -> Iterator[None]:
    """Without this the pool would go on to the reads in its queue, each of which may wait as long as the first."""
    try:
        yield
    except WorkspaceError:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _tried(look: Callable[[], Report]) -> Report:
    """What a look reports; under MODEL_SERVING_PREFLIGHT=warn a failed one is a warning."""
    try:
        return look()
    except WorkspaceError as error:
        if not _warns_only():
            raise
        return Report(warnings=[f"{_GOES_ON}. What could not be read was not checked: {error}"])


def _add(report: Report, part: Report) -> None:
    report.versions |= part.versions
    report.findings += part.findings
    report.warnings += part.warnings


def _listed(workspace: Workspace) -> dict[str, Any]:
    """Each endpoint that the caller can see, by name."""
    listed = workspace.get("/api/2.0/serving-endpoints").get("endpoints") or []
    return {endpoint["name"]: endpoint for endpoint in listed}


def _other_creators(endpoints: Sequence[Needs], me: Caller, live: Mapping[str, Any]) -> Iterator[str]:
    for endpoint in endpoints:
        creator = live.get(endpoint.name or "", {}).get("creator")
        if creator and creator != me.name:
            yield (
                f'Endpoint "{endpoint.name}" runs as its creator, {creator}. You are {me.name}: a replacement would run'
                " as you from then on"
            )
