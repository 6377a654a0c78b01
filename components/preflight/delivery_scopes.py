"""The preflight's checks of secret scopes that credentials are delivered to."""

from collections.abc import Iterator, Mapping
from typing import Any

from model_serving.components.args import ServicePrincipalArgs
from model_serving.components.engine.state import State
from model_serving.components.from_spec import scope_name
from model_serving.components.preflight.report import PreflightReport
from model_serving.databricks.caller import read_caller
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import DeniedError, NotFoundError, WorkspaceError
from model_serving.databricks.resource_types import SECRET_SCOPE
from model_serving.databricks.secret_scopes import keys_path
from model_serving.spec.field_path import FieldPath
from model_serving.spec.vocabulary.stack import Stack


def check_delivery_scopes(
    stack: Stack,
    principals: Mapping[str, ServicePrincipalArgs],
    state: State,
    settings: Mapping[str, Any],
    *,
    is_preview: bool,
) -> PreflightReport:
    """Check that scopes to create do not exist, and that others exist, stay, and may be used by the caller.

    Sends a request for each scope. Whoever only previews need not be able to read a scope. Who may read a scope, but
    not write it, is not known here: the API shows rights to those with MANAGE only.
    """
    report = PreflightReport()
    created: dict[str, FieldPath] = {scope_name(stack, key): ("secret_scopes", key) for key in stack.secret_scopes}
    written = list(_written(principals, created))
    if not created and not written:
        return report
    recorded = {each.id for each in state.of(SECRET_SCOPE)}
    try:
        workspace = connect(settings)
        for name, path in created.items() if state.is_known else ():
            if name not in recorded and _exists(workspace, name):
                hint = "Remove it from secret_scopes to use it as it is, or choose another name"
                report.problems.append((path, f'secret scope "{name}" exists already', hint))
        for name, path in written:
            if name in recorded:
                message = f'secret scope "{name}" is no longer in secret_scopes, so it would be deleted'
                report.problems.append((path, message, "Keep it there, or deliver to another scope"))
            else:
                report.add(_check_existing(workspace, name, path, is_preview=is_preview))
    except WorkspaceError:
        return report  # the other checks report it
    return report


def _written(
    principals: Mapping[str, ServicePrincipalArgs], created: Mapping[str, FieldPath]
) -> Iterator[tuple[str, FieldPath]]:
    """Each scope that is written and that the stack does not create, where it is named first."""
    seen = set(created)
    for key, args in principals.items():
        deliver = args.oauth_secret.deliver if args.oauth_secret else None
        if deliver and deliver.secret_scope and deliver.secret_scope.scope not in seen:
            seen.add(deliver.secret_scope.scope)
            yield (
                deliver.secret_scope.scope,
                ("service_principals", key, "oauth_secret", "deliver", "secret_scope"),
            )


def _check_existing(workspace: Workspace, name: str, path: FieldPath, *, is_preview: bool) -> PreflightReport:
    try:
        _list(workspace, name)
    except NotFoundError:
        hint = f"Declare it under secret_scopes, or create it: databricks secrets create-scope {name}"
        return PreflightReport(problems=[(path, f'there is no secret scope "{name}"', hint)])
    except DeniedError:
        caller = read_caller(workspace).name
        if is_preview:
            text = f'{caller} may not read secret scope "{name}". Whether the deployer may write it was not checked'
            return PreflightReport(warnings=[text])
        hint = f"Give it WRITE: databricks secrets put-acl {name} {caller} WRITE"
        return PreflightReport(problems=[(path, f'{caller} may not write secret scope "{name}"', hint)])
    return PreflightReport()


def _exists(workspace: Workspace, name: str) -> bool:
    try:
        _list(workspace, name)
    except NotFoundError:
        return False
    except DeniedError:
        return True
    return True


def _list(workspace: Workspace, name: str) -> None:
    """List the keys of a scope, without their values. Raises WorkspaceError."""
    workspace.get(keys_path(name))
