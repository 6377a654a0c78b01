"""Route optimization is chosen when an endpoint is created, and never after."""

from typing import Any

from pulumi_policy import EnforcementLevel, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from policies.rules.inputs import MODEL_SERVING, UNKNOWN, at, plain
from policies.rules.live import LiveEndpoint, UnreadableError, live_endpoint


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type != MODEL_SERVING:
        return
    inputs = plain(args.props)
    name, wanted = at(inputs, "name"), at(inputs, "routeOptimized")
    if name is UNKNOWN or wanted is UNKNOWN:
        # Nothing is lost: the engine asks again during `up`, with the value, before it touches the resource.
        args.not_applicable("The endpoint's name or route_optimized is not known yet; it is checked when it is")
    provider: dict[str, Any] = plain(args.provider.props) if args.provider else {}
    try:
        live = live_endpoint(str(name), provider)
    except UnreadableError as error:
        report(_unreadable(str(name), error), None)
        return
    if live and live.route_optimized != bool(wanted):
        report(_flip(live, wanted=bool(wanted)), None)


def _flip(live: LiveEndpoint, *, wanted: bool) -> str:
    is_now, would_be = ("not route optimized", "route optimized")[:: 1 if wanted else -1]
    return (
        f'Endpoint "{live.name}" is live and {is_now}; this change wants it {would_be} (route_optimized: '
        f"{str(live.route_optimized).lower()} -> {str(wanted).lower()}). Databricks can't switch a live endpoint, so "
        f"Pulumi would delete it (id {live.endpoint_id}) and create another: an outage until that is ready, another "
        "URL and id, and its permissions lost. Instead: declare a second endpoint under a new name with the setting "
        "that you want, move its callers, then remove the first"
    )


def _unreadable(name: str, error: UnreadableError) -> str:
    return (
        f'Whether endpoint "{name}" exists could not be read from the workspace ({error}), so a replacement can\'t be '
        "ruled out. Check the host and the credentials of the provider, then run again"
    )


route_optimized_create_only = ResourceValidationPolicy(
    name="route-optimized-create-only",
    description="Route optimization is chosen when an endpoint is created; it can't be changed on a live one.",
    enforcement_level=EnforcementLevel.MANDATORY,
    validate=_validate,
)
