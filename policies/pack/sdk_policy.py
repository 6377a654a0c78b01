"""A rule as a policy of Pulumi's SDK. The rules themselves don't import it."""

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
from model_serving.policies.pack.secret_inputs import secret_texts, without_secrets


def as_policy(rule: Rule) -> ResourceValidationPolicy:
    """The rule as a policy, also for other packs.

    Without this pack's own service a policy has one level, so advisory violations are left out.
    """
    schema = PolicyConfigSchema({key: dict(value) for key, value in rule.settings.items()})

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in rule.types:
            secrets = list(secret_texts(serialize_properties(args.props)))
            for violation in rule.check(_resource(args), rule.with_defaults(args.get_config())):
                if not violation.advisory:
                    report(without_secrets(violation, secrets).text, None)

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
        inputs=_inputs(args.props),
        provider=_inputs(args.provider.props) if args.provider else {},
        protect=bool(args.opts.protect),
    )


def _inputs(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs without the SDK's proxies and secrets, with UNKNOWN for unknown values."""
    return from_wire(serialize_properties(properties))
