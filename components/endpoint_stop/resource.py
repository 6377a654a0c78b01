"""The resource for an endpoint that is declared stopped. An endpoint without `stopped: true` has none."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.dynamic import Resource

from model_serving.components.endpoint_stop.provider import DEPLOYMENT, STOPPED, StopProvider
from model_serving.components.resources import revealed
from model_serving.spec.files.secrets import is_secret

_LENGTH: Final = 12


class EndpointStop(Resource, module="model-serving", name="EndpointStop"):
    """One endpoint that is stopped. Deleting it starts the endpoint.

    Inputs: `endpointName`, `endpointId`, and `workspace`, the settings of an explicit provider, where there is one.
    `config` is the endpoint's: a change of it is a change of this resource, too.
    """

    def __init__(
        self,
        name: str,
        inputs: Mapping[str, Any],
        config: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        declared = {STOPPED: True, DEPLOYMENT: _fingerprint(config)}
        super().__init__(StopProvider(), name, {**revealed(inputs), **declared}, opts)


def _fingerprint(config: Mapping[str, Any]) -> pulumi.Output[str]:
    """A text that changes with the config, without the values of environment variables: they may be secrets.

    If one of these alone changes, only `up` sees that the endpoint was started for it, and a preview does not.
    """
    entities = [_public(entity) for entity in config.get("servedEntities") or ()]
    public = pulumi.Output.from_input({**config, "servedEntities": entities})
    return pulumi.Output.unsecret(public.apply(_hash))


def _public(entity: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in entity.items() if not is_secret(value)}
    return {**shown, "environmentVars": sorted(entity.get("environmentVars") or ())}


def _hash(config: Any) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:_LENGTH]
