"""A stack's exported state as the file that Pulumi's file backend keeps, and what of it is secret.

Source: pulumi/pulumi, sdk/go/common/apitype/core.go (VersionedCheckpoint, DeploymentV3) and
pkg/resource/stack/deployment.go (a secret may be in plaintext where a state is read); the same in 3.220 and 3.256.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from model_serving.databricks.resource_types import SECRET_DELIVERY
from model_serving.databricks.special_values import SECRET_SIGNATURE, SIGNATURE_KEY
from model_serving.review.plan.preview import Urn

Resource: TypeAlias = Mapping[str, Any]

_PLACEHOLDER: Final = json.dumps("placeholder of a review")
"""What stands for a secret that the reviewer can't decrypt: a text as JSON, which is how Pulumi keeps plaintext."""


def resources(export: Mapping[str, Any]) -> list[Resource]:
    """The resources of an exported state, in its order."""
    return (export.get("deployment") or {}).get("resources") or []


def resource_type(resource: Resource) -> str:
    """The type of a resource."""
    return str(resource["type"])


def resource_name(resource: Resource) -> str:
    """The name of a resource: the last part of its URN."""
    return Urn(str(resource["urn"])).name


def project_name(export: Mapping[str, Any]) -> str:
    """The name of the project that the resources belong to; empty if there are none."""
    return next((str(each["urn"]).split("::")[1] for each in resources(export)), "")


def checkpoint(export: Mapping[str, Any], project: str, stack: str, changed: Mapping[str, Resource]) -> str:
    """The content of the state's file in a file backend. `changed` has resources to use instead, by URN."""
    deployment = dict(export.get("deployment") or {})
    if changed:
        deployment["resources"] = [changed.get(each["urn"], each) for each in resources(export)]
    features = {"features": export["features"]} if export.get("features") else {}
    state = {"stack": f"organization/{project}/{stack}", "latest": deployment}
    return json.dumps({"version": export["version"], **features, "checkpoint": state})


def without_secrets(export: Mapping[str, Any]) -> dict[str, Any]:
    """The state with a placeholder for each secret, which any passphrase can encrypt."""
    deployment = dict(export.get("deployment") or {})
    deployment.pop("secrets_providers", None)
    placed = _with_placeholders(deployment)
    assert isinstance(placed, dict), "A map stays one"
    return {**export, "deployment": placed}


def _with_placeholders(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": _PLACEHOLDER}
        return {key: _with_placeholders(child) for key, child in value.items()}
    return [_with_placeholders(child) for child in value] if isinstance(value, list) else value


def secret_inputs(export: Mapping[str, Any]) -> list[str]:
    """The names of the resources with a secret among their inputs: without it, they can't be compared.

    What a delivery writes comes from the state itself, and is not compared.
    """
    compared = (each for each in resources(export) if resource_type(each) != SECRET_DELIVERY)
    return [resource_name(each) for each in compared if _has_secret(each.get("inputs"))]


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get(SIGNATURE_KEY) == SECRET_SIGNATURE or any(map(_has_secret, value.values()))
    return isinstance(value, list) and any(map(_has_secret, value))
