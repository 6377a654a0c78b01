"""Resolve aliases; report missing models, secrets and privileges, before anything is registered.

The requests are sent in parallel. What the caller may not read is a warning: the workspace then decides itself.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import pulumi

from model_serving.components.preflight.checks import (
    check_model_version,
    check_privileges,
    check_secret_scope,
)
from model_serving.components.preflight.deployer import judged
from model_serving.components.preflight.report import DEPLOYMENT_CONTINUES, PreflightReport, only_warns
from model_serving.components.preflight.requirements import EndpointRequirements
from model_serving.databricks.caller import read_caller
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, is_stopped, is_updating
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath

_PARALLEL: Final = 8


def preflight(
    endpoints: Sequence[EndpointRequirements],
    settings: Mapping[str, Any],
    deployer: str | None = None,
    *,
    is_preview: bool = False,
    adopted: Collection[str] = (),
) -> PreflightReport:
    """Check the endpoints' requirements in the workspace of these provider settings.

    A preview may be run by somebody else than `deployer`, whose rights are judged. What only its caller lacks is no
    problem then: an alias that it may not read has no version in the report. `adopted` are the names of endpoints that
    others may have created: nothing follows from who did.

    Raises pulumi.RunError if the workspace does not answer or rejects the credentials.
    """
    report = PreflightReport()
    if not endpoints:
        return report
    try:
        _run_checks(report, endpoints, connect(settings), deployer, adopted, is_preview=is_preview)
    except WorkspaceError as error:
        reason = connection_problem(error, settings) or f"The preflight could not be completed: {error}"
        if not only_warns():
            raise pulumi.RunError(reason) from None
        report.warnings.append(f"{DEPLOYMENT_CONTINUES}, though not everything was checked. {reason}")
    return report


def _run_checks(
    report: PreflightReport,
    endpoints: Sequence[EndpointRequirements],
    workspace: Workspace,
    deployer: str | None,
    adopted: Collection[str],
    *,
    is_preview: bool,
) -> None:
    with ThreadPoolExecutor(_PARALLEL) as pool, _cancelled_on_error(pool):

        def start(check: Callable[..., PreflightReport], *args: Any) -> Future[PreflightReport]:
            return pool.submit(_run_check, check, workspace, *args)

        caller, listing = pool.submit(read_caller, workspace), pool.submit(_list_endpoints, workspace)
        models = {model for endpoint in endpoints for model in endpoint.models}
        scopes = {reference.scope for endpoint in endpoints for reference in endpoint.secrets}
        checks = [start(check_model_version, model) for model in models]
        checks += [start(check_secret_scope, scope, endpoints) for scope in scopes]
        for check in checks:
            report.add(check.result())
        report.caller, report.live = caller.result(), listing.result()
        new = {model.name: model for each in endpoints if each.name not in report.live for model in each.models}
        declared = [report.live[each.name] for each in endpoints if each.name in report.live]
        creators = [each["creator"] for each in declared if each.get("creator") and each["name"] not in adopted]
        who = judged(workspace, report.caller, deployer, creators, is_preview=is_preview)
        report.deployer = who.deployer
        checks = [start(check_privileges, who, model) for model in new.values() if model.in_unity_catalog]
        for check in checks:
            report.add(check.result())
    if not is_preview:
        report.problems += [_unread_alias(*each) for each in report.unread_aliases.items()]
    report.problems.sort(key=lambda problem: [str(part) for part in problem[0]])
    report.warnings += _unread_warning(report)
    report.warnings += [_updating(each) for each in declared if is_updating(each)]
    if not deployer and not is_preview:  # otherwise the pack's rule runs-as-declared compares
        report.warnings += _creator_warnings(endpoints, report.live, report.deployer.name)
    report.warnings = sorted({*report.warnings})


def _updating(endpoint: Mapping[str, Any]) -> str:
    name = endpoint["name"]
    if is_stopped(endpoint):
        return f'Endpoint "{name}" was stopped and is being deployed. It answers no requests until that ends'
    return f'Endpoint "{name}" is being updated. It serves its previous config until the update ends'


def _unread_alias(reference: str, path: FieldPath) -> Problem:
    return (path, f"you may not read model {reference}", "Choose a version instead of an alias, or get EXECUTE on it")


def _unread_warning(report: PreflightReport) -> list[str]:
    """One warning for all that the caller may not read."""
    if not report.unread or not report.caller:
        return []
    return [f"{report.caller.label} may not read everything. Not checked: {', '.join(sorted(report.unread))}"]


@contextmanager
def _cancelled_on_error(pool: ThreadPoolExecutor) -> Iterator[None]:
    """Cancel the requests that have not begun: each may wait for as long as the one that failed."""
    try:
        yield
    except WorkspaceError:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _run_check(check: Callable[..., PreflightReport], *args: Any) -> PreflightReport:
    """The check's report. Under MODEL_SERVING_PREFLIGHT=warn a check that fails to read is a warning."""
    try:
        return check(*args)
    except WorkspaceError as error:
        if not only_warns():
            raise
        return PreflightReport(warnings=[f"{DEPLOYMENT_CONTINUES}. What could not be read was not checked: {error}"])


def _list_endpoints(workspace: Workspace) -> dict[str, Any]:
    """Each endpoint that the caller can see, by name."""
    return {endpoint["name"]: endpoint for endpoint in workspace.get(ENDPOINTS_PATH).get("endpoints") or []}


def _creator_warnings(endpoints: Sequence[EndpointRequirements], live: Mapping[str, Any], caller: str) -> Iterator[str]:
    for endpoint in endpoints:
        creator = live.get(endpoint.name or "", {}).get("creator")
        if creator and creator != caller:
            yield (
                f'Endpoint "{endpoint.name}" runs as its creator, {creator}. You are {caller}: a replacement would run'
                " as you from then on"
            )
