"""One look at the workspace before anything is registered: aliases become versions, and what is missing is told.

All of it at once, each with the field that asks for it. What the caller may not read is a warning, never a reason to
stop: then the workspace itself decides.
"""

import asyncio
import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi

from components.args import ServedEntityArgs, ServingEndpointArgs
from components.databricks_api import CallError, SignInError, UnreachableError, Workspace, connect
from components.lookups import Report, look_at_scope, look_at_version, look_for_privileges
from components.needs import Needs, needs, pinned
from components.privileges import Caller, caller
from components.providers import default_settings
from stacks.faults import Finding
from stacks.paths import dotted

_AT_ONCE: Final = 8

UNRESOLVED: Final = "unresolved alias"
"""The version of an alias where findings are warnings only: one that the workspace refuses."""


def preflight(endpoints: Sequence[Needs], settings: Mapping[str, Any]) -> Report:
    """Ask the workspace of these provider settings for what the endpoints need.

    Raises pulumi.RunError where it doesn't answer or doesn't know the caller.
    """
    if not endpoints:
        return Report()
    try:
        return _look(endpoints, connect(settings))
    except CallError as error:
        raise pulumi.RunError(f"The workspace could not be asked for what the endpoints need: {error}") from None
    except UnreachableError as error:
        raise pulumi.RunError(f"{error}\n{_way_to(settings.get('host'))}") from None
    except SignInError as error:
        raise pulumi.RunError(
            f"The workspace {settings.get('host') or ''} knows no such caller: {error}\n{_SIGN_IN}"
        ) from None


_SIGN_IN = "Set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_TOKEN, in the environment"


def _way_to(host: Any) -> str:
    if urlsplit(str(host)).hostname in ("127.0.0.1", "localhost"):
        return "Start the embedded workspace in another terminal: make workspace"
    return "Check databricks:host in the stack file, and that this machine can reach it"


def raise_findings(report: Report, told: Callable[[Sequence[Finding]], str]) -> None:
    """Log the warnings, and raise pulumi.RunError with every finding, in the words of `told`.

    MODEL_SERVING_PREFLIGHT=warn in the environment makes findings warnings: to destroy what can't be created any more.
    """
    for warning in report.warnings:
        pulumi.log.warn(warning)
    if report.findings and os.environ.get("MODEL_SERVING_PREFLIGHT") == "warn":
        pulumi.log.warn(told(report.findings))
    elif report.findings:
        raise pulumi.RunError(told(report.findings))


def in_words(findings: Sequence[Finding]) -> str:
    """Each finding with its field's path, a line each."""
    return "\n".join(f"{dotted(path)}: {message}. {hint}" for path, message, hint in findings)


def checked(
    name: str, args: ServingEndpointArgs, settings: pulumi.Output[dict[str, Any]] | None
) -> ServingEndpointArgs:
    """The arguments with aliases resolved, once the workspace has what they need: for a component by itself."""
    if not args.preflight:
        return args
    asked = needs((name,), args)

    async def look(known: dict[str, Any]) -> dict[str, str]:
        report = await asyncio.to_thread(preflight, [asked], known)
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


def _look(endpoints: Sequence[Needs], workspace: Workspace) -> Report:
    report = Report()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        who = pool.submit(caller, workspace)
        creators = pool.submit(_creators, workspace)
        models = {model for endpoint in endpoints for model in endpoint.models}
        looks: list[Callable[[], Report]] = [functools.partial(look_at_version, workspace, model) for model in models]
        scopes = {reference.scope for endpoint in endpoints for reference in endpoint.secrets}
        looks += [functools.partial(look_at_scope, workspace, scope, endpoints) for scope in scopes]
        found = [look.result() for look in [pool.submit(look) for look in looks]]
        me, created = who.result(), creators.result()
        new = {model.name: model for each in endpoints if each.name not in created for model in each.models}
        grants = [
            pool.submit(look_for_privileges, workspace, me, model) for model in new.values() if model.in_unity_catalog
        ]
        found += [grant.result() for grant in grants]
    for each in found:
        report.versions |= each.versions
        report.findings += each.findings
        report.warnings += each.warnings
    report.findings.sort(key=lambda finding: [str(part) for part in finding[0]])
    report.warnings = sorted({*report.warnings, *_other_creators(endpoints, me, created)})
    return report


def _creators(workspace: Workspace) -> dict[str, str]:
    """Who created each endpoint that the caller can see."""
    listed = workspace.get("/api/2.0/serving-endpoints").get("endpoints") or []
    return {endpoint["name"]: endpoint.get("creator") or "" for endpoint in listed}


def _other_creators(endpoints: Sequence[Needs], me: Caller, creators: Mapping[str, str]) -> Iterator[str]:
    for endpoint in endpoints:
        creator = creators.get(endpoint.name or "")
        if creator and creator != me.name:
            yield (
                f'Endpoint "{endpoint.name}" runs as its creator, {creator}. You are {me.name}: a replacement would run'
                " as you from then on"
            )
