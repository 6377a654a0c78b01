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
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import grpc
import pulumi
from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, PolicyPack, policy

from model_serving.policies.pack.configuration import PRODUCTION, Configured, level_of, mistakes
from model_serving.policies.pack.configuration import RULE as SETTINGS_RULE
from model_serving.policies.pack.input_values import from_wire
from model_serving.policies.pack.project_folder import VARIABLE, find_project
from model_serving.policies.pack.rule import Registered, Resource, Rule, Violation
from model_serving.policies.pack.sdk_policy import as_policy
from model_serving.policies.pack.stack_settings import DECLARED, POLICIES, WAIVERS, StackSettings, read_settings
from model_serving.policies.pack.waivers import RULE, WaiverError, Waivers, parse
from model_serving.spec.diagnostics import Diagnostic, Location
from model_serving.spec.field_path import NAMESPACE


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
        return _settings_of_stack_files(self._stack, self.rules_of_pack)

    @cached_property
    def _waivers(self) -> Waivers:
        return _waivers_of_stack_files(self._in_stack_files, self.rules_of_pack)

    @cached_property
    def _declared_endpoints(self) -> Mapping[str, Any]:
        """The endpoints in the stack's own file, parsed once per run."""
        self._configure_runtime_settings()  # type: ignore[no-untyped-call]
        return _endpoints_of_stack_file()

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
            resource = self._resource(request)
            for rule in self._enabled():
                if resource.type in rule.types:
                    checked = rule.check(resource, self._settings(rule))
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
        for rule in self._enabled():
            if rule.check_stack:
                for resource, violation in rule.check_stack(registered, self._settings(rule)):
                    waived = self._waivers.apply(rule, resource, [violation])
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
                yield Violation(f"{replace(each, hint='')}. {each.hint}")

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
            stack_file_spec=_mapping(self._declared_endpoints.get(request.name)),
            stack_spec=self._in_stack_files.declared,
        )

    def _report(self, response: Any, rule: Rule, violations: Iterable[Violation], urn: str) -> None:
        level = self._level(rule)
        if level == EnforcementLevel.REMEDIATE:
            level = EnforcementLevel.MANDATORY
        for violation in violations:
            at = EnforcementLevel.ADVISORY if violation.advisory else level
            self._create_report_violation(response, rule.name, rule.description, at)(violation.text, urn)


def _settings_of_stack_files(stack: str, rules: Iterable[Rule]) -> StackSettings:
    """The settings in base.yaml and in the stack's own file, the latter as the engine passes it on."""
    config = pulumi.Config("model-serving")
    own: dict[str, Any] = {}
    faults: list[Diagnostic] = []
    for key in (POLICIES, WAIVERS, *DECLARED):
        try:
            value = config.get(key) if key == "deployer" else config.get_object(key)
        except pulumi.ConfigTypeError as error:
            if key not in DECLARED:  # of another project, perhaps
                faults.append(Diagnostic(Location(f"Pulumi.{stack}.yaml"), key, str(error)))
            continue
        if value is not None:
            own[key] = value
    project = find_project(os.environ.get("PULUMI_PROJECT", ""))
    if project is None and _is_of_this_project():
        hint = f"Set {VARIABLE} to the folder of Pulumi.yaml"
        faults.append(Diagnostic(Location("base.yaml"), "", "the folder of the project was not found", hint))
    settings = read_settings(stack, project.stack_files if project else None, rules, own)
    root = project.root if project else Path()
    mistakes = (replace(each, location=_in_project(each.location, root)) for each in settings.mistakes)
    places = {key: _in_project(place, root) for key, place in settings.places.items()}
    return replace(settings, mistakes=(*mistakes, *faults), places=places)


def _in_project(location: Location, root: Path) -> Location:
    """The location with its file as seen from the project's folder: the pack runs in its own."""
    file = Path(location.file)
    return replace(location, file=str(file.relative_to(root))) if file.is_relative_to(root) else location


def _is_of_this_project() -> bool:
    """Whether the stack's configuration has settings of ours, so that it may have a base.yaml."""
    return any(key.startswith(NAMESPACE) for key in pulumi.runtime.get_config_env())


def _valid_settings(rule: Rule, policies: Mapping[str, Configured]) -> dict[str, Any]:
    """The settings of the rule in the stack files. With a mistake in one, the engine would end the run."""
    given = dict(policies.get(rule.name, Configured()).settings)
    return {} if mistakes([rule], {rule.name: given}) else given


def _waivers_of_stack_files(settings: StackSettings, rules: Iterable[Rule]) -> Waivers:
    """The waivers of this run. With a mistake in one, none counts, and the rule `waivers` reports it."""
    declared = settings.waivers
    try:
        waivers, mistake = parse(declared, rules, settings.places) if declared else {}, None
    except WaiverError as error:
        waivers, mistake = {}, str(error)
    return Waivers(waivers, datetime.now(UTC).date(), mistake, settings.shared_waivers, settings.places)


def _endpoints_of_stack_file() -> Mapping[str, Any]:
    try:
        return _mapping(pulumi.Config("model-serving").get_object("endpoints"))
    except pulumi.ConfigTypeError:
        return {}  # another project's setting of the same name


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _inputs(properties: Any) -> Mapping[str, Any]:
    return from_wire(json_format.MessageToDict(properties))
