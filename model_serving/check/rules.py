"""The policy rules that a stack's files violate, with each rule's level and settings in the stack."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Final, TypeAlias

from model_serving.check.resources import registered_resources
from model_serving.policies.pack.configuration import level_of, settings_of
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation
from model_serving.policies.pack.stack_settings import StackSettings
from model_serving.policies.pack.waivers import RULE, Waivers, unusable_rule
from model_serving.policies.rules import RULES
from model_serving.policies.rules.waiver_faults import waivers as waivers_rule
from model_serving.spec.field_path import FieldPath
from model_serving.spec.validation.predecessor_rules import endpoint_path
from model_serving.spec.vocabulary.stack import Stack

OFFLINE_RULES: Final = tuple(rule for rule in RULES if not rule.reads_workspace)
"""The rules that need nothing but the files."""

Located: TypeAlias = tuple[FieldPath, Rule, Violation]
"""A violation with its rule and the path of the field that it is about."""


def violations(name: str, stack: Stack, settings: StackSettings, today: date) -> Iterator[Located]:
    """The violations of stack `name`, waived ones as advice."""
    waivers, errors = _waivers(stack, settings.shared_waivers, today)
    yield from errors
    resources = {each.resource.urn: (path, each) for path, each in registered_resources(name, stack)}
    checked = [rule for rule in OFFLINE_RULES if level_of(rule, settings.policies) != "disabled"]
    for rule in checked:
        given = settings_of(rule, settings.policies)
        found = [
            ((*resources[resource.urn][0], *violation.field_path), resource, violation)
            for resource, violation in _of_rule(rule, [each for _, each in resources.values()], given)
        ]
        known = {(path, violation.message) for path, _, violation in found}
        for path, resource, violation in found:
            # What a predecessor has in common with its endpoint is reported once.
            if (endpoint_path(path), violation.message) not in known:
                yield path, rule, _waived(waivers, rule, resource, violation)
    for key, waiver in waivers.items():
        is_checked = any(rule.name == stack.waivers[key].rule for rule in checked)
        for violation in (*waiver.faults(), *(waiver.unused() if is_checked else ())):
            yield ("waivers", key), waivers_rule, violation


def _of_rule(rule: Rule, registered: list[Registered], settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    for resource in (each.resource for each in registered if each.resource.type in rule.types):
        yield from ((resource, violation) for violation in rule.check(resource, settings))
    if rule.check_stack:
        yield from rule.check_stack(registered, settings)


def _waivers(stack: Stack, shared: Collection[str], today: date) -> tuple[dict[str, Waivers], list[Located]]:
    """Each waiver by its key, so that its violations have a location. As in the pack, one error disables all."""
    faults = {key: fault for key, waiver in stack.waivers.items() if (fault := unusable_rule(waiver, RULES))}
    errors: list[Located] = [
        (("waivers", key, "rule"), waivers_rule, Violation(fault)) for key, fault in faults.items()
    ]
    waivers = {key: Waivers({key: waiver}, today, shared=shared) for key, waiver in stack.waivers.items()}
    return ({} if errors else waivers), errors


def _waived(waivers: Mapping[str, Waivers], rule: Rule, resource: Resource, violation: Violation) -> Violation:
    assert rule.name != RULE, "The rule on waivers has no violation by a resource"
    for each in waivers.values():
        (violation,) = each.apply(rule, resource, [violation])
    return violation
