"""Why a live endpoint can't be adopted, as far as its own answer says."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_serving.databricks.credential_patterns import CREDENTIAL, holds_credential
from model_serving.databricks.serving_endpoints import config_update, has_failed, is_updating
from model_serving.operations.adopt.entry import NotAdopted, Reason

_THROUGHPUT: Final = ("min_provisioned_throughput", "max_provisioned_throughput", "provisioned_model_units")
_SYSTEM: Final = "system.ai."
"""The schema of Databricks' own models."""


def reason_of_kind(answer: Mapping[str, Any]) -> NotAdopted | None:
    """The reason in what an endpoint serves, which a listing has, too: an external model or a foundation model."""
    name = str(answer.get("name"))
    for entity in _entities(answer):
        if entity.get("external_model"):
            why = "it serves an external model. This project manages your own models and feature specs"
            return NotAdopted(name, Reason.EXTERNAL, why)
        if _is_foundation(entity):
            why = "it serves a Foundation Model API. This project manages your own models and feature specs"
            return NotAdopted(name, Reason.FOUNDATION, why)
    return None


def reason_of_state(answer: Mapping[str, Any]) -> NotAdopted | None:
    """The reason in the state of an endpoint: what it serves is not what somebody has asked for last."""
    name = str(answer.get("name"))
    if is_updating(answer):
        why = "an update is in progress. Adopt it when the update has ended"
        return NotAdopted(name, Reason.UPDATING, why)
    if has_failed(answer):
        why = f"its last update ended as {config_update(answer)}. Repair or repeat that update, then adopt it"
        return NotAdopted(name, Reason.FAILED, why)
    if not (answer.get("config") or {}).get("served_entities"):
        return NotAdopted(name, Reason.NOT_DEPLOYED, "it serves nothing. Deploy a config to it, or delete it")
    return None


def reason_of_credential(answer: Mapping[str, Any]) -> NotAdopted | None:
    """The reason in a plaintext credential, which must not get into a stack file. Its value is not in the text."""
    name, places = str(answer.get("name")), list(_credentials(answer))
    if not places:
        return None
    why = (
        f"it has a plaintext credential in {', '.join(places)}. Put it into a secret scope, write"
        " {{secrets/scope/key}} in its place and revoke it; then adopt the endpoint"
    )
    return NotAdopted(name, Reason.CREDENTIAL, why)


def _credentials(answer: Mapping[str, Any]) -> Iterator[str]:
    for entity in _entities(answer):
        for variable, value in (entity.get("environment_vars") or {}).items():
            if holds_credential(str(variable), str(value)):
                yield f"environment variable {variable} of {entity.get('name')}"
        if CREDENTIAL.search(str(entity.get("name") or "")):
            yield "the name of a served entity"
    if CREDENTIAL.search(str(answer.get("description") or "")):
        yield "its description"
    if any(CREDENTIAL.search(str(tag["key"])) for tag in answer.get("tags") or []):
        yield "the key of a tag"
    yield from (f"tag {tag['key']}" for tag in answer.get("tags") or [] if CREDENTIAL.search(str(tag.get("value"))))


def _entities(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    config: Mapping[str, Any] = answer.get("config") or answer.get("pending_config") or {}
    return list(config.get("served_entities") or [])


def _is_foundation(entity: Mapping[str, Any]) -> bool:
    return (
        bool(entity.get("foundation_model"))
        or str(entity.get("entity_name") or "").startswith(_SYSTEM)
        or any(entity.get(field) for field in _THROUGHPUT)
    )
