"""The fields of an endpoint that differ from its declaration, with what the state says of each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from model_serving.databricks.serving_endpoints import has_failed, is_updating
from model_serving.operations.drift.compare import field_drifts, with_origins
from model_serving.operations.drift.declared import Declared
from model_serving.operations.drift.deployed import DeployedEndpoint
from model_serving.operations.drift.fields import Fields, answered_fields, declared_fields, only_listed, with_principals
from model_serving.operations.drift.report import FieldDrift, Origin


def endpoint_fields(
    declared: Declared,
    deployed: DeployedEndpoint | None,
    live: Mapping[str, Any],
    key_of: Callable[[str], str],
    *,
    listed: bool = False,
) -> list[FieldDrift]:
    """The fields in which GET's answer, or with `listed` a summary of the listing, differs from the declaration."""
    identity = [*_identity(declared, deployed, live)]
    if listed and (is_updating(live) or not live.get("config")):  # a listing has the config that serves only
        return identity
    return identity + _fields(declared, deployed, live, key_of, listed=listed)


def _identity(declared: Declared, deployed: DeployedEndpoint | None, live: Mapping[str, Any]) -> Iterator[FieldDrift]:
    if deployed and live.get("id") not in (None, deployed.id):
        note = "it was deleted and created again under this name, outside of this stack"
        yield FieldDrift(("id",), deployed.id, live["id"], Origin.OUTSIDE, note)
    if live.get("name") not in (None, declared.name):
        yield FieldDrift(("name",), declared.name, live["name"], Origin.NOT_DEPLOYED)


def _fields(
    declared: Declared,
    deployed: DeployedEndpoint | None,
    live: Mapping[str, Any],
    key_of: Callable[[str], str],
    *,
    listed: bool,
) -> list[FieldDrift]:
    def comparable(fields: Fields) -> Fields:
        named = with_principals(fields, key_of)
        if is_updating(live):  # the update starts it
            named = {name: value for name, value in named.items() if name != "stopped"}
        return only_listed(named) if listed else named

    found = comparable(answered_fields(live))
    drifts = field_drifts(comparable(declared.fields), found)
    known = deployed_fields(deployed) if drifts and deployed and not has_failed(live) else None
    if known is not None:
        drifts = with_origins(drifts, comparable(known), found)
    if profile := _other_profile(declared, deployed, live, listed=listed):
        drifts.append(profile)
    return [_with_note(each, declared) for each in drifts]


def deployed_fields(deployed: DeployedEndpoint) -> Fields | None:
    """The fields that the last deployment sent; None where the state can't be compared."""
    if not isinstance(deployed.inputs.get("config"), Mapping):
        return None
    fields = declared_fields(deployed.inputs, deployed.settings)
    return {**fields, "stopped": deployed.is_stopped}


def _other_profile(
    declared: Declared, deployed: DeployedEndpoint | None, live: Mapping[str, Any], *, listed: bool
) -> FieldDrift | None:
    """The telemetry profile that is not the one that was created from the declared tables."""
    tables = (declared.fields.get("telemetry_config") or {}).get("table_names")
    profile = (live.get("telemetry_config") or {}).get("telemetry_profile_id")
    if listed or not tables or not profile or not deployed or deployed.telemetry_profile in ("", profile):
        return None
    note = f"another profile than {deployed.telemetry_profile}, which was created from the tables"
    return FieldDrift(("telemetry_config", "telemetry_profile_id"), None, profile, Origin.OUTSIDE, note)


def _with_note(drift: FieldDrift, declared: Declared) -> FieldDrift:
    """The drift with the alias that the declared version was read from."""
    first, *rest = drift.path
    if first == "served_entities" and rest[1:] == ["version"] and (alias := declared.aliases.get(str(rest[0]))):
        return replace(drift, note=f"{alias} is version {drift.declared}")
    return drift
