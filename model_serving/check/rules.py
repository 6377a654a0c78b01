"""What the policy pack says of a stack's files alone, at the levels and with the settings that its rules come with."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from model_serving.check.resources import declared
from model_serving.policies.pack.rule import Registered, Resource, Rule, Violation
from model_serving.policies.pack.waivers import RULE, WaiverError, Waivers, parse
from model_serving.policies.rules import RULES
from model_serving.policies.rules.waiver_faults import waivers as waivers_rule
from model_serving.spec.field_path import FieldPath
from model_serving.spec.vocabulary.stack import Stack

APPLIED: Final = tuple(rule for rule in RULES if not rule.reads_workspace)
"""The rules that need nothing but the files."""

Breach = tuple[FieldPath, Rule, Violation]


def breaches(name: str, stack: Stack, today: date) -> Iterator[Breach]:
    """What each rule says of stack `name`, with the path of what it is about."""
    waivers, mistakes = _waivers(stack, today)
    yield from mistakes
    resources = {each.resource.urn: (path, each) for path, each in declared(name, stack)}
    for rule in APPLIED:
        for resource, violation in _said(rule, [each for _, each in resources.values()]):
            path = (*resources[resource.urn][0], *violation.field_path)
            yield path, rule, _waived(waivers, rule, resource, violation)
    for key, waiver in waivers.items():
        judged = any(rule.name == stack.waivers[key].rule for rule in APPLIED)
        for violation in (*waiver.faults(), *(waiver.unused() if judged else ())):
            yield ("waivers", key), waivers_rule, violation


def _said(rule: Rule, registered: list[Registered]) -> Iterator[tuple[Resource, Violation]]:
    settings = rule.with_defaults(None)
    for each in registered:
        if each.resource.type in rule.types:
            for violation in rule.check(each.resource, settings):
                yield each.resource, violation
    if rule.check_stack:
        yield from rule.check_stack(registered, settings)


def _waivers(stack: Stack, today: date) -> tuple[dict[str, Waivers], list[Breach]]:
    """Each waiver by its key, so that what is said of it has a place. One mistake, and none counts, as in the pack."""
    found: dict[str, Waivers] = {}
    mistakes: list[Breach] = []
    for key, written in stack.waivers.items():
        try:
            found[key] = Waivers(parse({key: written.model_dump()}, RULES), today)
        except WaiverError as error:
            mistakes.append((("waivers", key), waivers_rule, Violation(str(error))))
    return ({} if mistakes else found), mistakes


def _waived(waivers: Mapping[str, Waivers], rule: Rule, resource: Resource, violation: Violation) -> Violation:
    assert rule.name != RULE, "What is said of the waivers themselves is no resource's"
    for each in waivers.values():
        (violation,) = each.apply(rule, resource, [violation])
    return violation
