"""Rules on the two endpoints of a key during a migration: which declaration each resource has."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from model_serving.databricks.resource_types import MODEL_SERVING, PERMISSIONS
from model_serving.policies.pack.rule import Resource, Violation
from model_serving.policies.pack.waivers import Waivers
from model_serving.policies.rules import RULES
from model_serving.spec.vocabulary.waiver import Waiver

SPEC: dict[str, Any] = {
    "name_prefix": "dev-",
    "service_principals": {"runner": {"display_name": "runner", "serves": ["iris"]}},
    "endpoints": {
        "iris": {
            "name": "iris-2",
            "rollout": {"steps": [5]},
            "served_entities": {"current": {"entity": "main.ml.iris@Champion"}},
            "predecessor": {"name": "iris", "served_entities": {"current": {"entity": "main.ml.iris@Old"}}},
        }
    },
}


def resource(name: str, named: str, **more: Any) -> Resource:
    return Resource(MODEL_SERVING, name, f"urn:{name}", {"name": named}, stack="prod", stack_spec=SPEC, **more)


@pytest.mark.parametrize("name", ["iris", "iris/iris-2"])
def test_declaration_follows_the_name_in_the_workspace(name: str) -> None:
    endpoint, predecessor = resource(name, "dev-iris-2"), resource(name, "dev-iris")
    assert (endpoint.key, endpoint.is_predecessor, endpoint.address) == ("iris", False, "iris")
    assert (predecessor.key, predecessor.is_predecessor, predecessor.address) == ("iris", True, "iris.predecessor")
    assert endpoint.declared["rollout"] == {"steps": [5]}
    assert predecessor.declared == {"name": "iris", "served_entities": {"current": {"entity": "main.ml.iris@Old"}}}


def test_name_with_a_slash_is_a_key_of_no_file() -> None:
    foreign = replace(resource("team/iris", "iris"), stack_spec={})
    assert (foreign.key, foreign.title, foreign.declared) == ("team/iris", 'Endpoint "team/iris"', {})


def test_alias_of_each_endpoint_is_named() -> None:
    rule = next(rule for rule in RULES if rule.name == "production-pins-versions")
    settings = rule.with_defaults(None)
    found = {
        name: [each.message for each in rule.check(resource("iris", name), settings)]
        for name in ("dev-iris", "dev-iris-2")
    }
    assert 'follows the alias "Old"' in found["dev-iris"][0]
    assert 'follows the alias "Champion"' in found["dev-iris-2"][0]


def test_served_key_covers_the_successor() -> None:
    rule = next(rule for rule in RULES if rule.name == "serving-principals-exist")
    (found,) = rule.check(resource("iris/iris-2", "dev-iris-2"), rule.with_defaults(None))
    assert '`serves` endpoint "iris"' in found.message


def test_waiver_of_a_key_covers_its_successor() -> None:
    rule = next(rule for rule in RULES if rule.name == "production-is-protected")
    permissions = next(rule for rule in RULES if rule.name == "no-manage-for-everyone")
    until = date(2027, 3, 31)
    waivers = Waivers(
        {
            "one": Waiver(rule=rule.name, resource="iris", reason="x", owner="y", expires=until),
            "two": Waiver(rule=permissions.name, resource="iris-permissions", reason="x", owner="y", expires=until),
        },
        until,
    )
    grant = Resource(PERMISSIONS, "iris/iris-2-permissions", "urn:grant", {})
    for each, waived in ((rule, resource("iris/iris-2", "dev-iris-2")), (permissions, grant)):
        assert [found.advisory for found in waivers.apply(each, waived, [Violation("no")])] == [True]
    assert [*waivers.unused()] == []
