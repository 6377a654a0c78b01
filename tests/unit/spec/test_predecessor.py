"""A predecessor in a stack file: what it takes from its endpoint, and what can't be declared."""

import re
from pathlib import Path

import pytest

from model_serving.spec.succession import declared_endpoints, predecessor_of
from model_serving.spec.vocabulary.predecessor import Predecessor
from model_serving.spec.vocabulary.stack import Endpoint
from tests.support.stack_files import StackFiles

PAGE = Path(__file__).resolve().parents[3] / "docs" / "migration.md"
FRAUD = """\
config:
  model-serving:name_prefix: dev-
  model-serving:endpoints:
    fraud:
      name: fraud-2
      route_optimized: true
      description: Scores payments
      served_entities:
        champion: {entity: main.ml.fraud, version: "7", workload_size: Small}
        challenger: {entity: main.ml.fraud, version: "8"}
      traffic: {champion: 95, challenger: 5}
      permissions: [{group: callers, level: CAN_QUERY}]
      tags: {team: risk}
      protect: true
      expected: {requests_per_second: 50, time_per_request: 40ms}
"""
TABLE = "{catalog_name: main, schema_name: ml, table_name_prefix: fraud}"
REPLACED = {"name: fraud-2": "name: fraud", "name_prefix: dev-": "default_tags: {}"}


def with_predecessor(written: str, more: str = "") -> str:
    return f"{FRAUD}{more}      predecessor: {written}\n"


def test_the_example_of_the_page_is_as_it_says(files: StackFiles) -> None:
    (example,) = re.findall(r"```yaml predecessor\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    new, old = declared_endpoints(files.write(example).load())
    assert (new.name, new.endpoint.route_optimized) == ("fraud-scorer-2", True)
    assert (old.name, old.endpoint.route_optimized, old.endpoint.tags) == ("fraud-scorer", False, {"team": "risk"})
    entities = [each.endpoint.served_entities["champion"] for each in (new, old)]
    assert [(each.version, each.workload_size) for each in entities] == [("8", "Medium"), ("8", "Small")]
    assert old.endpoint.permissions == new.endpoint.permissions


def test_the_page_names_the_keys_that_a_predecessor_lacks() -> None:
    (named,) = re.findall(r"are those of an endpoint without (.*?), which", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lacking = set(Endpoint.model_fields) - set(Predecessor.model_fields) - {"predecessor"}
    assert set(re.findall(r"`(\w+)`", named)) == lacking


def test_a_predecessor_is_as_its_endpoint(files: StackFiles) -> None:
    stack = files.write(with_predecessor("{}")).load()
    predecessor = predecessor_of(stack, "fraud")
    unlike = {"name": "fraud", "predecessor": None}
    assert predecessor == stack.endpoints["fraud"].model_copy(update=unlike)


def test_a_predecessor_is_laid_over_its_endpoint(files: StackFiles) -> None:
    written = (
        "{name: old, route_optimized: false, description: null, served_entities: {champion: {version: 6},"
        " challenger: null}, traffic: null, permissions: [{group: few, level: CAN_VIEW}], tags: {tier: a}}"
    )
    stack = files.write(with_predecessor(written)).load()
    old = predecessor_of(stack, "fraud")
    assert old
    assert (old.name, old.route_optimized, old.description) == ("old", False, None)
    assert {name: (each.version, each.workload_size) for name, each in old.served_entities.items()} == {
        "champion": ("6", "Small")
    }
    assert (old.routes, old.tags) == ({"champion": 100}, {"team": "risk", "tier": "a"})
    assert [each.group for each in old.granted] == ["few"]


def test_the_own_file_lays_over_a_predecessor(files: StackFiles) -> None:
    base = with_predecessor("{name: old, tags: {tier: a}}")
    own = "config: {model-serving:endpoints: {fraud: {predecessor: {tags: {tier: b}, description: null}}}}"
    old = predecessor_of(files.write(own, base).load(), "fraud")
    assert old
    assert (old.name, old.tags, old.description) == ("old", {"team": "risk", "tier": "b"}, None)


def test_null_declares_no_predecessor(files: StackFiles) -> None:
    own = "config: {model-serving:endpoints: {fraud: {predecessor: null}}}"
    stack = files.write(own, with_predecessor("{}")).load()
    assert predecessor_of(stack, "fraud") is None


def test_declared_endpoints_have_names_and_places(files: StackFiles) -> None:
    stack = files.write(with_predecessor("{protect: false}")).load()
    declared = [
        (each.key, each.path, each.name, each.endpoint.protect, each.is_predecessor)
        for each in declared_endpoints(stack)
    ]
    assert declared == [
        ("fraud", ("endpoints", "fraud"), "dev-fraud-2", True, False),
        ("fraud", ("endpoints", "fraud", "predecessor"), "dev-fraud", False, True),
    ]


def test_a_chain_of_predecessors_is_refused(files: StackFiles) -> None:
    (fault,) = files.write(with_predecessor("{name: b, predecessor: {name: a}}")).faults()
    assert fault == (
        "stacks/Pulumi.dev.yaml:16:30 endpoints.fraud.predecessor.predecessor: a predecessor can't have a predecessor\n"
        "    Retire the first one before: remove its block, and deploy that"
    )


@pytest.mark.parametrize("field", ["replace_id: a", "rollout: {}", "smoke: []", "retain_on_delete: true"])
def test_fields_of_the_endpoint_alone_are_refused(files: StackFiles, field: str) -> None:
    (fault,) = files.write(with_predecessor(f"{{{field}}}")).faults()
    name = field.partition(":")[0]
    assert f"endpoints.fraud.predecessor.{name}: a predecessor has no `{name}` of its own" in fault


@pytest.mark.parametrize("replaced", REPLACED.items(), ids=list(REPLACED))
def test_predecessor_needs_another_name(files: StackFiles, replaced: tuple[str, str]) -> None:
    written = with_predecessor("{}").replace(*replaced)
    faults = files.write(written).faults()
    expected = (
        'stacks/Pulumi.dev.yaml:16:7 endpoints.fraud.predecessor: "dev-fraud" is the name of the endpoint and of its'
        " predecessor\n    Give the endpoint a name of its own, as in `name: fraud-2`"
    )
    assert faults == ([expected] if "fraud-2" in replaced[0] else [])


def test_name_of_a_foreign_predecessor_is_taken(files: StackFiles) -> None:
    more = "    old:\n      served_entities: {a: {entity: main.ml.fraud, version: 1}}\n"
    (fault,) = files.write(with_predecessor("{name: old}") + more).faults()
    assert 'endpoints.old: "dev-old" is already the name of the predecessor of endpoint "fraud"' in fault


@pytest.mark.parametrize("field", ["auto_capture", "ai_gateway.inference_table"])
def test_two_endpoints_cannot_share_a_table(files: StackFiles, field: str) -> None:
    outer, _, inner = field.partition(".")
    declared = f"      {outer}: {{{inner}: {TABLE}}}\n" if inner else f"      {outer}: {TABLE}\n"
    (fault,) = files.write(with_predecessor("{}", declared)).faults()
    assert f"endpoints.fraud.{field}.table_name_prefix: names one inference table for two endpoints" in fault
    way_out = "{table_name_prefix: other}"
    way_out = f"{{{outer}: {{{inner}: {way_out}}}}}" if inner else f"{{{outer}: {way_out}}}"
    assert files.write(with_predecessor(way_out, declared)).faults() == []
    assert files.write(with_predecessor(f"{{{outer}: null}}", declared)).faults() == []


def test_tables_named_after_their_endpoints_differ(files: StackFiles) -> None:
    declared = "      auto_capture: {catalog_name: main, schema_name: ml}\n"
    assert files.write(with_predecessor("{}", declared)).faults() == []


def test_shared_faults_are_reported_once(files: StackFiles) -> None:
    written = with_predecessor("{}").replace('"8"', "x").replace("95", "94").replace("callers", "admins")
    assert len(files.write(written).faults()) == 3


def test_faults_of_a_predecessor_alone_are_reported(files: StackFiles) -> None:
    written = "{traffic: {champion: 90}, tags: [a], served_entities: {challenger: {version: x}}}"
    faults = [fault.split()[1] for fault in files.write(with_predecessor(written)).faults()]
    place = "endpoints.fraud.predecessor"
    assert faults == [f"{place}.traffic:", f"{place}.tags:", f"{place}.served_entities.challenger.version:"]


def test_key_with_a_slash_is_refused(files: StackFiles) -> None:
    (fault,) = files.write(FRAUD.replace("    fraud:", "    a/b:")).faults()
    assert 'endpoints.a/b: "a/b" contains "/"' in fault
