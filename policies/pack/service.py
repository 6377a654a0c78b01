"""The pack as the engine calls it: pulumi_policy's own service with some calls replaced.

- `GetAnalyzerInfo` gives the engine the levels and settings of the stack files. The engine lays those of
  `--policy-pack-config` over them.
- `Configure` refuses unknown rules and settings, which the engine accepts.
- `Analyze` parses a resource once for all rules, applies waivers, and reports an advisory violation as such, whatever
  the rule's level.
- `AnalyzeStack` does the same for the checks that need all resources.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any

import grpc
from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, PolicyPack, policy

from model_serving.policies.pack.configuration import PRODUCTION, Configured, level_of, mistakes
from model_serving.policies.pack.configuration import RULE as SETTINGS_RULE
from model_serving.policies.pack.engine_config import endpoints_of_stack, mapping, settings_of_stack, waivers_of_stack
from model_serving.policies.pack.input_values import from_wire
from model_serving.policies.pack.rule import Registered, Resource, Rule, Violation
from model_serving.policies.pack.sdk_policy import as_policy
from model_serving.policies.pack.secret_inputs import secret_texts, without_secrets
from model_serving.policies.pack.stack_settings import StackSettings
from model_serving.policies.pack.waivers import RULE, Waivers
from model_serving.spec.endpoint_resources import key_of


def serve(name: str, rules: tuple[Rule, ...]) -> None:
    """Serve the rules to the engine until it disconnects."""

    class Service(_Service):
        rules_of_pack = rules

    # The SDK has no other way to replace `Configure` and `Analyze`.
    policy._PolicyAnalyzerServicer = Service  # type: ignore[assignment, misc]  # noqa: SLF001
    PolicyPack(name, policies=[as_policy(rule) for rule in rules])


class _Service(policy._PolicyAnalyzerServicer):  # noqa: SLF001  see serve
    rules_of_pack: tuple[Rule, ...]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._policies = {rule.name: as_policy(rule) for rule in self.rules_of_pack}
        self._types = frozenset(kind for rule in self.rules_of_pack for kind in rule.types)
        self._is_preview = os.environ.get("PULUMI_DRY_RUN") == "true"
        self._stack = os.environ.get("PULUMI_STACK", "")

    @cached_property
    def _in_stack_files(self) -> StackSettings:
        """What the stack files say about the rules, read once per run."""
        self._configure_runtime_settings()  # type: ignore[no-untyped-call]
        return settings_of_stack(self._stack, self.rules_of_pack)

    @cached_property
    def _waivers(self) -> Waivers:
        return waivers_of_stack(self._in_stack_files, self.rules_of_pack)

    @cached_property
    def _declared_endpoints(self) -> Mapping[str, Any]:
        """The endpoints in the stack's own file, parsed once per run."""
        self._configure_runtime_settings()  # type: ignore[no-untyped-call]
        return endpoints_of_stack()

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:  # noqa: N802  gRPC's name
        info = super().GetAnalyzerInfo(request, context)  # type: ignore[no-untyped-call]
        policies = self._in_stack_files.policies
        for rule in self.rules_of_pack:
            level = EnforcementLevel(level_of(rule, policies))
            info.initialConfig[rule.name].enforcementLevel = self._map_enforcement_level(level)
            info.initialConfig[rule.name].properties.update(_valid_settings(rule, policies))
        info.initialConfig[PRODUCTION].properties.update(policies.get(PRODUCTION, Configured()).settings)
        return info

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        given = {rule: json_format.MessageToDict(config.properties) for rule, config in request.policyConfig.items()}
        if found := mistakes(self.rules_of_pack, given):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "; ".join(map(str, found)))
        return super().Configure(request, context)  # type: ignore[no-untyped-call]

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802
        response = proto.AnalyzeResponse()
        if request.type in self._types:
            resource, secrets = self._resource(request), _Secrets([request])
            for rule in self._enabled():
                if resource.type in rule.types:
                    checked = map(secrets.hide, rule.check(resource, self._settings(rule)))
                    violations = list(self._waivers.apply(rule, resource, chain(self._mistakes(rule), checked)))
                    self._end_preview(context, rule, violations)
                    self._report(response, rule, violations, urn="")
        return response

    def _end_preview(self, context: Any, rule: Rule, violations: Iterable[Violation]) -> None:
        """Fail the call if a preview would continue and wait: violations are shown only when it ends."""
        if self._is_preview and self._level(rule) != EnforcementLevel.ADVISORY:
            for violation in violations:
                if violation.ends_preview and not violation.advisory:
                    context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{rule.name}: {violation.text}")

    def Remediate(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return proto.RemediateResponse()  # no rule changes a resource

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802
        response = proto.AnalyzeResponse()
        registered = [
            Registered(self._resource(each), tuple(each.dependencies))
            for each in request.resources
            if each.type in self._types
        ]
        secrets = _Secrets(request.resources)
        for rule in self._enabled():
            if rule.check_stack:
                for resource, violation in rule.check_stack(registered, self._settings(rule)):
                    waived = self._waivers.apply(rule, resource, [secrets.hide(violation)])
                    self._report(response, rule, waived, resource.urn)
        for rule in self._enabled():
            if rule.name == RULE:
                self._report(response, rule, self._waivers.unused(), urn="")
        return response

    def _enabled(self) -> list[Rule]:
        return [rule for rule in self.rules_of_pack if self._level(rule) != EnforcementLevel.DISABLED]

    def _level(self, rule: Rule) -> EnforcementLevel:
        return self._get_enforcement_level(self._policies[rule.name])

    def _settings(self, rule: Rule) -> dict[str, Any]:
        production = self._get_policy_config(PRODUCTION) or {}
        return rule.with_defaults(self._get_policy_config(rule.name), production.get("stacks"))

    def _mistakes(self, rule: Rule) -> Iterator[Violation]:
        """The mistakes in the settings of the stack files, for the rule that reports them."""
        if rule.name == SETTINGS_RULE:
            for each in self._in_stack_files.mistakes:
                yield Violation(". ".join(filter(None, (str(replace(each, hint="")), each.hint))))

    def _resource(self, request: Any) -> Resource:
        return Resource(
            type=request.type,
            name=request.name,
            urn=request.urn,
            inputs=_inputs(request.properties),
            provider=_inputs(request.provider.properties) if request.HasField("provider") else {},
            protect=request.options.protect,
            stack=self._stack,
            is_preview=self._is_preview,
            stack_file_spec=mapping(self._declared_endpoints.get(key_of(request.name))),
            stack_spec=self._in_stack_files.declared,
        )

    def _report(self, response: Any, rule: Rule, violations: Iterable[Violation], urn: str) -> None:
        level = self._level(rule)
        if level == EnforcementLevel.REMEDIATE:
            level = EnforcementLevel.MANDATORY
        for violation in violations:
            at = EnforcementLevel.ADVISORY if violation.advisory else level
            self._create_report_violation(response, rule.name, rule.description, at)(violation.text, urn)


class _Secrets:
    """The secrets of resources, read once, and only if there is a violation that may show one."""

    def __init__(self, resources: Iterable[Any]) -> None:
        self._resources = resources

    def hide(self, violation: Violation) -> Violation:
        """The violation without their secrets."""
        return without_secrets(violation, self._texts)

    @cached_property
    def _texts(self) -> list[str]:
        return [text for each in self._resources for text in secret_texts(_wire(each.properties))]


def _valid_settings(rule: Rule, policies: Mapping[str, Configured]) -> dict[str, Any]:
    """The settings of the rule in the stack files. With a mistake in one, the engine would end the run."""
    given = dict(policies.get(rule.name, Configured()).settings)
    return {} if mistakes([rule], {rule.name: given}) else given


def _inputs(properties: Any) -> Mapping[str, Any]:
    return from_wire(_wire(properties))


def _wire(properties: Any) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(properties)
    return found
