"""The number of endpoints in the workspace, before and after a change."""

from collections.abc import Iterator, Sequence
from typing import Final

from model_serving.databricks.limits import ENDPOINTS
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.live import UnreadableError, listed_names
from model_serving.policies.pack.input_values import has_unknown
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation, no_check
from model_serving.policies.rules.limits import limit_setting, raised

_NEAR: Final = 0.9
"""The part of the limit from which on a change is reported."""


def _check(registered: Sequence[Registered], settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    """At the end of a preview: an `up` has created the endpoints by then."""
    groups: dict[str, list[Resource]] = {}
    for each in registered:
        if each.resource.type == MODEL_SERVING and each.resource.is_preview:
            groups.setdefault(repr(sorted(each.resource.provider.items())), []).append(each.resource)
    for resources in groups.values():
        if not has_unknown(dict(resources[0].provider)):
            yield from _in_workspace(resources, int(settings["endpoints"]))


def _in_workspace(resources: list[Resource], most: int) -> Iterator[tuple[Resource, Violation]]:
    try:
        listed = listed_names(resources[0].provider, is_preview=True)
    except UnreadableError:
        return  # route-optimized-create-only reports it
    names = {str(name).casefold(): each for each in resources if isinstance(name := each.inputs.get("name"), str)}
    new = [names[name] for name in sorted(names) if name not in listed]
    before, after = len(listed), len(listed) + len(new)
    if not new or after < _NEAR * most:
        return
    message = f"Endpoints in the workspace: {before} -> {after} of {most}, {len(new)} of them new"
    if after > most:
        fixes = (
            "Delete others in a change of their own first: Pulumi creates before it deletes",
            raised("endpoint-quota", "endpoints"),
        )
        yield new[0], Violation(message, fixes=fixes)
    else:
        yield new[0], Violation(message, advisory=True, fixes=("Ask Databricks to raise the limit in time",))


endpoint_quota = Rule(
    name="endpoint-quota",
    description="The workspace has room for new endpoints.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=no_check,
    check_stack=_check,
    reads_workspace=True,
    why="The API refuses the first endpoint over the limit in the middle of `up`, when others are created already.",
    passes="New endpoints up to the limit. From 90 % on, the numbers before and after are reported as advisory. "
    "Endpoints that the identity may not view are not counted.",
    fails="More endpoints than the workspace may have, counted before anything is deleted.",
    settings={"endpoints": limit_setting(ENDPOINTS)},
)
