"""The import of an adopted endpoint's permissions in a program that knows the endpoint by its name only."""

from collections.abc import Mapping
from typing import Any

import pulumi

from model_serving.components.engine.threads import in_thread
from model_serving.databricks.access_lists import access_list_path, direct_entries
from model_serving.databricks.caller import read_caller
from model_serving.databricks.client import connect
from model_serving.databricks.errors import WorkspaceError


def imports_live_permissions(
    endpoint_id: pulumi.Output[str], settings: pulumi.Output[dict[str, Any]]
) -> pulumi.ResourceTransform:
    """A transform that imports the permissions of the endpoint, unless it has none but the caller's own.

    The provider's read takes such a list for none. Where the list differs from the declared one, the engine updates it
    after the import. The import has no effect on permissions that the state has.
    """

    async def transform(given: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not (await endpoint_id.is_known() and await settings.is_known()):
            return None
        known: str = await endpoint_id.future() or ""
        has_entries = bool(known) and await in_thread(_has_entries, await settings.future() or {}, known)
        if has_entries:
            given.opts.import_ = f"/serving-endpoints/{known}"
        return pulumi.ResourceTransformResult(given.props, given.opts)

    return transform


def _has_entries(settings: Mapping[str, Any], endpoint_id: str) -> bool:
    """Whether somebody else than the caller has access; False where the list can't be read."""
    try:
        workspace = connect(settings)
        entries = direct_entries(workspace.find(access_list_path(endpoint_id)) or {})
        caller = read_caller(workspace).name
    except WorkspaceError:
        return False
    return any(not entry.is_of(caller) for entry in entries)
