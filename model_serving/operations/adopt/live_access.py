"""The access list of a live endpoint as the `permissions` of a stack file."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from model_serving.databricks.access_lists import KINDS, AccessEntry, direct_entries
from model_serving.databricks.naming import snake_case
from model_serving.spec.introspection import bare
from model_serving.spec.vocabulary.stack import Level

_LEVELS: Final = get_args(bare(Level))
_FIELDS: Final = {member: snake_case(kind).replace(" ", "_") for member, kind in KINDS.items()}


def live_permissions(
    access: Mapping[str, Any], deployer: str | None, principals: Mapping[str, str]
) -> list[dict[str, str]]:
    """The entries that someone granted on the endpoint itself, without that of the deployer.

    The Databricks provider adds that one at each write and hides it at each read. The creator's entry is one like any
    other: a write without it removes it. Source: terraform-provider-databricks,
    permissions/permission_definitions.go. Of several levels of one principal, the highest counts.
    """
    highest: dict[tuple[str, str], AccessEntry] = {}
    for entry in direct_entries(access):
        known = highest.get((entry.member, entry.name))
        is_higher = known is None or _LEVELS.index(entry.level) > _LEVELS.index(known.level)
        if is_higher and not (deployer and entry.is_of(deployer)):
            highest[entry.member, entry.name] = entry
    return [
        {_FIELDS[each.member]: _written(each, principals), "level": each.level}
        for each in sorted(highest.values(), key=lambda each: (-_LEVELS.index(each.level), each))
    ]


def _written(entry: AccessEntry, principals: Mapping[str, str]) -> str:
    return principals.get(entry.name, entry.name) if entry.member == "service_principal_name" else entry.name


def principal_names(access: Mapping[str, Any]) -> dict[str, str]:
    """The display names of the service principals of an access list, by application id in lower case."""
    return {
        str(each["service_principal_name"]).lower(): str(each.get("display_name") or "")
        for each in access.get("access_control_list") or []
        if each.get("service_principal_name")
    }
