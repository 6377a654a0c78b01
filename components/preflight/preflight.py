"""Resolve aliases; report missing models, secrets and privileges, before anything is registered.

The requests are sent in parallel. What the caller may not read is a warning: the workspace then decides itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import pulumi

from model_serving.components.preflight.checks import (
    check_endpoint_state,
    check_model_version,
    check_privileges,
    check_secret_scope,
)
from model_serving.components.preflight.privileges import Caller, read_caller
from model_serving.components.preflight.report import DEPLOYMENT_CONTINUES, PreflightReport, only_warns
from model_serving.components.preflight.requirements import EndpointRequirements
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import SignInError, UnavailableError, UnreachableError, WorkspaceError
from model_serving.databricks.reachability import unreachable_hint
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH

_PARALLEL: Final = 8


def preflight(endpoints: Sequence[EndpointRequirements], settings: Mapping[str, Any]) -> PreflightReport:
    """Check the endpoints' requirements in the workspace of these provider settings.

    Raises pulumi.RunError if the workspace does not answer or rejects the credentials.
    """
    report = PreflightReport()
    if not endpoints:
        return report
    try:
        _run_checks(report, endpoints, connect(settings))
    except WorkspaceError as error:
        reason = _connection_problem(error, settings.get("host"))
        if not only_warns():
            raise pulumi.RunError(reason) from None
        report.warnings.append(f"{DEPLOYMENT_CONTINUES}, though not everything was checked. {reason}")
    return report


def _connection_problem(error: Exception, host: Any) -> str:
    """Why the requests failed, and what to do."""
    match error:
        case SignInError():
            return f"The workspace {host or ''} rejects the credentials: {error}\n{_SIGN_IN}"
        case UnavailableError():
            return f"{error}\n{_RETRY}"
        case UnreachableError():
            return f"{error}\n{unreachable_hint(host)}"
        case _:
            return f"The preflight could not be completed: {error}"


_SIGN_IN: Final = "Set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_TOKEN, in the environment"
_RETRY: Final = (
    "Run the command again when the workspace is available. To retry each call for longer:"
    " pulumi config set databricks:retryTimeoutSeconds 600"
)


def _run_checks(report: PreflightReport, endpoints: Sequence[EndpointRequirements], workspace: Workspace) -> None:
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
        checks = [start(check_privileges, report.caller, model) for model in new.values() if model.in_unity_catalog]
        declared = [report.live[each.name] for each in endpoints if each.name in report.live]
        checks += [start(check_endpoint_state, entry) for entry in declared]
        for check in checks:
            report.add(check.result())
    report.problems.sort(key=lambda problem: [str(part) for part in problem[0]])
    report.warnings = sorted({*report.warnings, *_creator_warnings(endpoints, report.caller, report.live)})


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


def _creator_warnings(
    endpoints: Sequence[EndpointRequirements], caller: Caller, live: Mapping[str, Any]
) -> Iterator[str]:
    for endpoint in endpoints:
        creator = live.get(endpoint.name or "", {}).get("creator")
        if creator and creator != caller.name:
            yield (
                f'Endpoint "{endpoint.name}" runs as its creator, {creator}. You are {caller.name}: a replacement'
                " would run as you from then on"
            )
