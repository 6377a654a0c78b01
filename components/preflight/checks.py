"""The preflight's checks in the workspace: model versions, secrets and privileges."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from model_serving.components.preflight.deployer import Judged
from model_serving.components.preflight.privileges import UNITY_CATALOG, missing_privileges, owns_metastore
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.requirements import EndpointRequirements, Model
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import CallError, DeniedError
from model_serving.databricks.secret_scopes import keys_path
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import dotted

_GRANT: Final = (
    "Grant them, or deploy as a principal that has them. If the caller has them in a way that grants do not show, set"
    " MODEL_SERVING_PREFLIGHT=warn"
)


_DEPLOYER: Final = "model-serving:deployer"


def check_model_version(workspace: Workspace, model: Model) -> PreflightReport:
    """Check that the model version exists and is READY, and resolve its alias."""
    try:
        answer = workspace.find(_model_path(model))
    except DeniedError:
        aliases = {model.reference: model.path} if model.alias else {}
        return PreflightReport(unread={f"model {model.name}"}, unread_aliases=aliases)
    if answer is None:
        return PreflightReport(problems=[_missing_model(workspace, model)])
    if model.version is None and model.alias is None:
        return PreflightReport()
    version = answer.get("model_version", answer)
    report = PreflightReport({model.reference: str(version["version"])} if model.alias else {})
    if version.get("status", "READY") != "READY":
        message = f"version {version['version']} of {model.name} is {version['status']}, not READY"
        report.problems.append((model.path, message, "Wait until it is registered, or choose another version"))
    return report


def _model_path(model: Model) -> str:
    if not model.in_unity_catalog:
        return f"/api/2.0/mlflow/model-versions/get?name={quote(model.name)}&version={model.version}"
    if model.alias:
        return f"{UNITY_CATALOG}/models/{quote(model.name)}/aliases/{quote(model.alias)}"
    if model.version:
        return f"{UNITY_CATALOG}/models/{quote(model.name)}/versions/{model.version}"
    return f"{UNITY_CATALOG}/functions/{quote(model.name)}"


def _missing_model(workspace: Workspace, model: Model) -> Problem:
    """Whether the model is missing, or only this version or alias of it."""
    if model.version is None and model.alias is None:
        return (model.path, f"there is no feature spec {model.name}", "Create it first, or correct the name")
    hint = "Register it first, or correct the name"
    if not model.in_unity_catalog:
        return (model.path, f"the workspace registry has no version {model.version} of {model.name}", hint)
    listing = workspace.find(f"{UNITY_CATALOG}/models/{quote(model.name)}/versions")
    versions = sorted(version["version"] for version in (listing or {}).get("model_versions") or [])
    if not versions:
        return (model.path, f"there is no model {model.name} in Unity Catalog, or no version of it", hint)
    if model.alias:
        return (model.path, f'no version of {model.name} has the alias "{model.alias}"', "Set it, or choose a version")
    newest = ", ".join(str(version) for version in versions[-10:])
    return (model.path, f"{model.name} has no version {model.version}", f"The newest are: {newest}")


def check_secret_scope(workspace: Workspace, scope: str, endpoints: Sequence[EndpointRequirements]) -> PreflightReport:
    """Check that the scope exists and has the keys that the endpoints refer to."""
    references = [each for endpoint in endpoints for each in endpoint.secrets if each.scope == scope]
    try:
        answer = workspace.find(keys_path(scope))
    except DeniedError:
        return PreflightReport(unread={f"secret scope {scope}"})
    if answer is None:
        hint = f"Create it: databricks secrets create-scope {scope}"
        return PreflightReport(
            problems=[(each.path, f'there is no secret scope "{scope}"', hint) for each in references]
        )
    keys = {secret["key"] for secret in answer.get("secrets") or []}
    hint = f"Its keys are: {', '.join(sorted(keys)) or 'none'}"
    missing = [each for each in references if each.key not in keys]
    return PreflightReport(
        problems=[(each.path, f'secret scope "{scope}" has no key "{each.key}"', hint) for each in missing]
    )


def check_privileges(workspace: Workspace, judged: Judged, model: Model) -> PreflightReport:
    """Check that the deployer, who would become the endpoint's creator, has the privileges to serve the model."""
    deployer, privileges = judged.deployer, f"privileges of {judged.deployer.name} on {model.name}"
    try:
        missing = missing_privileges(workspace, deployer, model.name)
    except CallError:
        return PreflightReport(unread={privileges})
    if not missing:
        return PreflightReport()
    if not judged.sees_grants:
        return PreflightReport(unread={privileges})
    lacking = ", ".join(missing)
    message = f"the endpoint would permanently run as its creator, {deployer.name}, who lacks {lacking}"
    if judged.is_assumed:
        note = f"`up` refuses to run as {deployer.name}. If another identity deploys, declare it: {_DEPLOYER}"
        return PreflightReport(warnings=[f"{dotted(model.path)}: {message}. {note}"])
    if owns_metastore(workspace, deployer):
        note = "A metastore admin may have privileges that grants do not show"
        return PreflightReport(warnings=[f"{dotted(model.path)}: {message}. {note}"])
    return PreflightReport(problems=[(model.path, message, _GRANT)])
