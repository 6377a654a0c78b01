"""A stack's own file over base.yaml: a map merges, a list or a single value replaces, `null` removes."""

import pytest

from tests.support.stack_files import StackFiles

BASE = """\
config:
  model-serving:default_tags: {managed_by: pulumi, team: risk}
  model-serving:endpoints:
    fraud:
      description: Scores payments
      served_entities:
        champion: {entity: main.ml.fraud, version: "7", workload_size: Small}
        challenger: {entity: main.ml.fraud, version: "8"}
      traffic: {champion: 95, challenger: 5}
      permissions: [{group: all, level: CAN_QUERY}, {group: ml, level: CAN_MANAGE}]
    iris:
      served_entities: {current: {entity: main.ml.iris, version: 2}}
"""


def over(own: str) -> str:
    return f"config:\n  model-serving:endpoints:\n    fraud: {own}\n"


def test_maps_merge_and_own_file_wins(files: StackFiles) -> None:
    fraud = files.write(over("{served_entities: {champion: {version: 9}}}"), BASE).load().endpoints["fraud"]
    assert {name: (entity.version, entity.workload_size) for name, entity in fraud.served_entities.items()} == {
        "champion": ("9", "Small"),
        "challenger": ("8", None),
    }


def test_a_list_replaces(files: StackFiles) -> None:
    fraud = files.write(over("{permissions: [{group: few, level: CAN_VIEW}]}"), BASE).load().endpoints["fraud"]
    assert [permission.group for permission in fraud.granted] == ["few"]


@pytest.mark.parametrize("null", ["null", "~", ""])
def test_null_removes_values_maps_and_endpoints(files: StackFiles, null: str) -> None:
    own = (
        "config:\n  model-serving:endpoints:\n"
        f"    iris: {null}\n"
        "    fraud:\n"
        f"      description: {null}\n"
        f"      served_entities: {{challenger: {null}}}\n"
        f"      traffic: {null}\n"
    )
    stack = files.write(own, BASE).load()
    assert list(stack.endpoints) == ["fraud"]
    fraud = stack.endpoints["fraud"]
    assert (fraud.description, list(fraud.served_entities), fraud.routes) == (None, ["champion"], {"champion": 100})


def test_null_that_removes_nothing_is_reported(files: StackFiles) -> None:
    faults = files.write(over("{served_entities: {chalenger: null}}"), BASE).faults()
    assert faults == [
        (
            "stacks/Pulumi.dev.yaml:3:31 endpoints.fraud.served_entities.chalenger: has no value; `null` removes a"
            ' value of base.yaml, which has none here\n    Did you mean "challenger"?'
        )
    ]


def test_error_is_located_in_the_last_file(files: StackFiles) -> None:
    own = over("{traffic: {champion: 96}, served_entities: {challenger: {version: x}}}")
    places = [fault.partition(" ")[0] for fault in files.write(own, BASE).faults()]
    assert places == ["stacks/Pulumi.dev.yaml:3:13", "stacks/Pulumi.dev.yaml:3:69"]


def test_anchors_and_merge_keys_work(files: StackFiles) -> None:
    own = (
        "config:\n  model-serving:endpoints:\n"
        "    fraud: &model\n      served_entities: {a: {entity: main.ml.fraud, version: 7}}\n      protect: true\n"
        "    spare: {<<: *model, protect: false}\n"
    )
    endpoints = files.write(own).load().endpoints
    assert {key: (list(each.served_entities), each.protect) for key, each in endpoints.items()} == {
        "fraud": (["a"], True),
        "spare": (["a"], False),
    }


@pytest.mark.parametrize("own", ["config: {}\n", "config:\n", "encryptionsalt: v1:abc\n"])
def test_empty_own_file_is_base_yaml(files: StackFiles, own: str) -> None:
    """`pulumi stack init` writes such a file."""
    assert list(files.write(own, BASE).load().endpoints) == ["fraud", "iris"]


def test_stack_without_file_lists_existing_stacks(files: StackFiles) -> None:
    (files.folder / "Pulumi.prod.yaml").write_text("config: {}", encoding="utf-8")
    assert files.faults() == [
        'stacks/Pulumi.dev.yaml:1:1: stack "dev" has no stack file\n    Create it, or choose an existing stack: prod'
    ]


def test_base_yaml_rejects_keys_of_pulumi(files: StackFiles) -> None:
    base = "config:\n  databricks:host: https://x\nencryptionsalt: v1:x\n"
    host, salt = files.write("config: {}", base).faults()
    assert host == (
        'stacks/base.yaml:2:3 config.databricks:host: "databricks:host" in base.yaml has no effect: Pulumi'
        " does not read this file\n    Move it to the file of each stack, Pulumi.<stack>.yaml"
    )
    assert salt == 'stacks/base.yaml:3:1 encryptionsalt: unknown key "encryptionsalt"\n    Known keys here: config'


@pytest.mark.parametrize("field", ["replace_id", "adopt_id"])
def test_base_yaml_allows_no_endpoint_id(files: StackFiles, field: str) -> None:
    base = f"config:\n  model-serving:endpoints:\n    fraud: {{{field}: 0a1b}}\n"
    own = "config:\n  model-serving:endpoints:\n    fraud: {served_entities: {a: {entity: main.ml.x, version: 7}}}\n"
    (fault,) = files.write(own, base).faults()
    assert fault == (
        f"stacks/base.yaml:3:13 endpoints.fraud.{field}: the id of a live endpoint belongs to one stack, and"
        " base.yaml applies to all\n    Move it to the file of that stack, Pulumi.<stack>.yaml"
    )


def test_base_yaml_allows_no_order_of_deployments(files: StackFiles) -> None:
    (fault,) = files.write("config: {}", "config:\n  model-serving:after: []\n").faults()
    assert fault == (
        "stacks/base.yaml:2:3 after: an order of deployments in base.yaml would apply to every stack, and each would"
        " wait for itself\n    Move it to the file of the stack that waits, Pulumi.<stack>.yaml"
    )
