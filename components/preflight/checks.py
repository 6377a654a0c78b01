"""What the workspace has of what an endpoint needs: each look answers with what it found, lacks and couldn't see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from model_serving.components.deployment.failure_report import state_warning
from model_serving.components.preflight.privileges import Caller, missing_privileges, owns_metastore
from model_serving.components.preflight.requirements import Model, Needs
from model_serving.databricks.client import CallError, DeniedError, Workspace
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath, dotted

_CATALOG: Final = "/api/2.1/unity-catalog"
_GRANT: Final = (
    "Grant this, or deploy as a principal that has it (MODEL_SERVING_PREFLIGHT=warn lets the workspace decide, where it"
    " holds it in a way that grants don't show)"
)


@dataclass
class Report:
    """What a preflight found out. `versions` holds the version of each `model@Alias`.

    `live` holds, by name, the listing's entry of each endpoint that the caller can see, and `me` who the caller is:
    None where nothing was asked.
    """

    versions: dict[str, str] = field(default_factory=dict)
    findings: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    live: dict[str, Any] = field(default_factory=dict, compare=False)
    me: Caller | None = field(default=None, compare=False)


def look_at_version(workspace: Workspace, model: Model) -> Report:
    """The model version exists and is READY; an alias is resolved on the way."""
    try:
        found = workspace.find(_place(model))
    except DeniedError as error:
        return _unreadable(model.path, f"model {model.reference}", error, fatal=model.alias is not None)
    if found is None:
        return Report(findings=[_absent(workspace, model)])
    if model.version is None and model.alias is None:
        return Report()
    version = found.get("model_version", found)
    report = Report({model.reference: str(version["version"])} if model.alias else {})
    if version.get("status", "READY") != "READY":
        message = f"version {version['version']} of {model.name} is {version['status']}, not READY"
        report.findings.append((model.path, message, "Wait until it is registered, or choose another version"))
    return report


def _place(model: Model) -> str:
    if not model.in_unity_catalog:
        return f"/api/2.0/mlflow/model-versions/get?name={quote(model.name)}&version={model.version}"
    if model.alias:
        return f"{_CATALOG}/models/{quote(model.name)}/aliases/{quote(model.alias)}"
    if model.version:
        return f"{_CATALOG}/models/{quote(model.name)}/versions/{model.version}"
    return f"{_CATALOG}/functions/{quote(model.name)}"


def _absent(workspace: Workspace, model: Model) -> Problem:
    """What of it is not there: the model, or only this version or alias."""
    if model.version is None and model.alias is None:
        return (model.path, f"there is no feature spec {model.name}", "Create it first, or correct the name")
    hint = "Register it first, or correct the name"
    if not model.in_unity_catalog:
        return (model.path, f"the workspace registry has no version {model.version} of {model.name}", hint)
    listed = workspace.find(f"{_CATALOG}/models/{quote(model.name)}/versions")
    known = sorted(version["version"] for version in (listed or {}).get("model_versions") or [])
    if not known:
        return (model.path, f"there is no model {model.name} in Unity Catalog, or no version of it", hint)
    if model.alias:
        return (model.path, f'no version of {model.name} has the alias "{model.alias}"', "Set it, or choose a version")
    shown = ", ".join(str(version) for version in known[-10:])
    return (model.path, f"{model.name} has no version {model.version}", f"The newest are: {shown}")


def look_at_scope(workspace: Workspace, scope: str, endpoints: Sequence[Needs]) -> Report:
    """The scope exists and has the keys that are referred to."""
    asked = [each for endpoint in endpoints for each in endpoint.secrets if each.scope == scope]
    try:
        found = workspace.find(f"/api/2.0/secrets/list?scope={quote(scope)}")
    except DeniedError as error:
        return _unreadable(asked[0].path, f"secret scope {scope}", error, fatal=False)
    if found is None:
        hint = f"Create it: databricks secrets create-scope {scope}"
        return Report(findings=[(each.path, f'there is no secret scope "{scope}"', hint) for each in asked])
    keys = {secret["key"] for secret in found.get("secrets") or []}
    return Report(
        findings=[
            (
                each.path,
                f'secret scope "{scope}" has no key "{each.key}"',
                f"Its keys are: {', '.join(sorted(keys)) or 'none'}",
            )
            for each in asked
            if each.key not in keys
        ]
    )


def look_for_privileges(workspace: Workspace, me: Caller, model: Model) -> Report:
    try:
        missing = missing_privileges(workspace, me, model.name)
    except CallError as error:
        return _unreadable(model.path, f"who may use {model.name}", error, fatal=False)
    if not missing:
        return Report()
    message = f"{me.name} would create the endpoint, which then runs as it for good, but lacks {', '.join(missing)}"
    if owns_metastore(workspace, me):
        return Report(warnings=[f"{dotted(model.path)}: {message}. It may hold it as a metastore admin, unseen here"])
    return Report(findings=[(model.path, message, _GRANT)])


def look_at_state(workspace: Workspace, listed: Mapping[str, Any]) -> Report:
    """A declared endpoint serves. `listed` is its entry in the listing of all."""
    warning = state_warning(workspace, listed)
    return Report(warnings=[warning] if warning else [])


def _unreadable(path: FieldPath, what: str, error: Exception, *, fatal: bool) -> Report:
    if fatal:
        return Report(findings=[(path, f"can't read {what}: {error}", "Choose a version instead of an alias")])
    return Report(warnings=[f"{dotted(path)}: can't read {what}, so it was not checked: {error}"])
