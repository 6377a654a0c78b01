"""Route optimization is set when an endpoint is created, and can't be changed later."""

from collections.abc import Iterator

from model_serving.contract.replacement import explain_alternative, explain_replace_id, explain_replacement
from model_serving.databricks.errors import DeniedError
from model_serving.databricks.resource_types import DATABRICKS_PROVIDER, MODEL_SERVING
from model_serving.policies.live import RETRY_SECONDS, LiveEndpoint, UnreadableError, live_endpoint, require_workspace
from model_serving.policies.pack.input_values import UNKNOWN, flag, has_unknown
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation


def _check(resource: Resource, settings: Settings) -> Iterator[Violation]:
    return _provider(resource, settings) if resource.type == DATABRICKS_PROVIDER else _endpoint(resource, settings)


def _provider(resource: Resource, settings: Settings) -> Iterator[Violation]:
    """The engine calls this before it configures the provider, which would wait for its workspace."""
    if has_unknown(dict(resource.inputs)):
        return
    try:
        require_workspace(resource.inputs, settings["retry_seconds"])
    except UnreadableError as error:
        yield Violation(_absent(error), advisory=settings["unreadable"] == "warn", ends_preview=True)


def _endpoint(resource: Resource, settings: Settings) -> Iterator[Violation]:
    name, wanted = resource.inputs.get("name"), resource.inputs.get("routeOptimized")
    unknown = [field for field, value in (("name", name), ("route_optimized", wanted)) if value is UNKNOWN]
    if has_unknown(dict(resource.provider)):
        unknown.append("provider")
    if unknown:
        yield Violation(_not_yet(unknown), advisory=True)
        return
    try:
        live = live_endpoint(
            str(name), resource.provider, is_preview=resource.is_preview, seconds=settings["retry_seconds"]
        )
    except UnreadableError as error:
        yield Violation(_unreadable(str(name), error), advisory=settings["unreadable"] == "warn")
        return
    if live and live.route_optimized != flag(wanted):
        is_agreed = resource.replaces(live.endpoint_id)
        yield _agreed(live) if is_agreed else _flip(resource, live, wanted=flag(wanted))


def _not_yet(unknown: list[str]) -> str:
    return (
        f"Whether this changes route optimization is unknown until `up`: the endpoint's {' and '.join(unknown)} can't "
        "be known before. `up` checks it before it touches the endpoint"
    )


def _flip(resource: Resource, live: LiveEndpoint, *, wanted: bool) -> Violation:
    old = str(live.route_optimized).lower()
    alternative = explain_alternative(resource.place, [f"--set route_optimized={str(wanted).lower()}"])
    return Violation(
        f'Route optimization of the live endpoint "{live.name}" can\'t be switched {"on" if wanted else "off"} '
        f"(route_optimized: {old} -> {str(wanted).lower()}). {explain_replacement()}",
        field_path=("route_optimized",),
        fixes=(f"Restore `route_optimized: {old}`", alternative, explain_replace_id(live.endpoint_id)),
    )


def _agreed(live: LiveEndpoint) -> Violation:
    return Violation(
        f'Endpoint "{live.name}" will be deleted and created again, as `replace_id: {live.endpoint_id}` in the '
        "stack's own file allows",
        advisory=True,
        field_path=("replace_id",),
        fixes=("Remove the line with `replace_id` after the deployment",),
    )


def _absent(error: UnreadableError) -> str:
    return (
        f"{error}. Without it a replacement can't be ruled out, and the provider would wait indefinitely. Check "
        "the host of the provider, and that this machine can reach it, then run the command again"
    )


def _unreadable(name: str, error: UnreadableError) -> str:
    is_denied = isinstance(error.__cause__, DeniedError)
    remedy = f'Give this identity CAN_VIEW on "{name}"' if is_denied else "Check the provider's host and credentials"
    return (
        f'Endpoint "{name}" could not be read from the workspace ({error}), so a replacement can\'t be ruled out. '
        f"{remedy}, then run the command again"
    )


route_optimized_create_only = Rule(
    name="route-optimized-create-only",
    description="Route optimization of a live endpoint doesn't change.",
    level="mandatory",
    types=(MODEL_SERVING, DATABRICKS_PROVIDER),
    check=_check,
    reads_workspace=True,
    why="A change makes the provider delete the live endpoint and create another: an outage, a new URL, a new id.",
    passes="A new endpoint; a live endpoint whose setting stays. An unknown name or setting is reported as "
    "advisory and checked during `up`; so is a change that the endpoint's `replace_id`, in the stack's own file, "
    "allows.",
    fails="`route_optimized` that differs from the live endpoint's; absent means false. A workspace that can't "
    "be read. One that doesn't answer ends the run before the provider waits for it.",
    settings={
        "unreadable": {
            "type": "string",
            "enum": ["refuse", "warn"],
            "default": "refuse",
            "description": "What to do if the workspace can't be read. After `warn` the provider may wait for it",
        },
        "retry_seconds": {
            "type": "integer",
            "minimum": 1,
            "default": RETRY_SECONDS,
            "description": "Seconds for which a throttled or failing read is retried, and that the workspace has "
            "to answer",
        },
    },
    waivable=False,
)
