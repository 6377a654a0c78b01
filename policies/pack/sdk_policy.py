"""A rule as Pulumi's SDK knows it. Apart from the rules, which are read without that SDK too."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.deserialize import serialize_properties

from model_serving.policies.pack.input_values import from_wire
from model_serving.policies.pack.rule import Resource, Rule


def as_policy(rule: Rule) -> ResourceValidationPolicy:
    """The rule as a policy, which can be put into other packs, too.

    Without this pack's own service there is one level only: what would be told is left out.
    """
    schema = PolicyConfigSchema({key: dict(value) for key, value in rule.settings.items()})

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in rule.types:
            for violation in rule.check(_resource(args), rule.with_defaults(args.get_config())):
                if not violation.advisory:
                    report(violation.message, None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.description,
        enforcement_level=EnforcementLevel(rule.level),
        config_schema=schema if rule.settings else None,
        validate=validate,
    )


def _resource(args: ResourceValidationArgs) -> Resource:
    return Resource(
        type=args.resource_type,
        name=args.name,
        urn=args.urn,
        inputs=_plain(args.props),
        provider=_plain(args.provider.props) if args.provider else {},
        protect=bool(args.opts.protect),
    )


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that the SDK hands to a rule as plain data: proxies and secrets taken off, unknowns as UNKNOWN."""
    return from_wire(serialize_properties(properties))
