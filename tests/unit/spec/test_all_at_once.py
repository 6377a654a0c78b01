"""Every mistake is expected at once: none hides another, and none is expected that is only another's consequence."""

from pathlib import Path

import pytest

from model_serving.spec import SpecError, load_stack
from tests.support.stack_files import StackFiles

TEN = Path(__file__).parent / "ten_errors"


def test_errors_are_reported_in_file_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TEN)
    with pytest.raises(SpecError) as refused:
        load_stack("prod", TEN)
    assert str(refused.value) + "\n" == (TEN / "expected.txt").read_text(encoding="utf-8")


ENDPOINT = """
    {name}:
      served_entities:
        champion: {{entity: main.ml.fraud, version: "7"}}
        challenger: {{entity: main.ml.fraud, version: "8", {entity}}}
      traffic: {{champion: 50, challenger: {share}}}
      {field}"""


def endpoint(name: str, entity: str = "scale_to_zero: true", share: int = 50, field: str = "protect: true") -> str:
    return ENDPOINT.format(name=name, entity=entity, share=share, field=field)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"field": "protect: 7"}, "protect: must be true or false; found 7"),
        ({"field": "colour: red"}, 'colour: unknown key "colour"'),
        ({"entity": "colour: red"}, 'served_entities.challenger.colour: unknown key "colour"'),
        ({"field": "permissions: [{group: all}]"}, "permissions[0].level: is required but missing"),
        ({"field": "tags: []"}, "tags: must be a map; found a list"),
    ],
    ids=["value", "key", "entity", "permission", "list"],
)
def test_wrong_value_hides_no_traffic_error(files: StackFiles, wrong: dict[str, str], expected: str) -> None:
    endpoints = endpoint("fraud", share=49, **wrong) + endpoint("iris", share=51)
    faults = files.write(f"config:\n  model-serving:endpoints:{endpoints}\n").faults()
    messages = sorted(fault.partition(" ")[2].partition("\n")[0] for fault in faults)
    assert messages == sorted(
        [
            f"endpoints.fraud.{expected}",
            "endpoints.fraud.traffic: sums to 99, must be 100",
            "endpoints.iris.traffic: sums to 101, must be 100",
        ]
    )


@pytest.mark.parametrize(
    ("written", "paths"),
    [
        (
            "endpoints: {fraud: {served_entites: {a: {entity: m.l.x, version: 1}}, traffic: {a: 100}}}",
            ["endpoints.fraud.served_entites"],
        ),
        (
            "endpoints: {fraud: {served_entities: {a: {entty: m.l.x, version: 1}}, traffic: {a: 100}}}",
            ["endpoints.fraud.served_entities.a.entty"],
        ),
        (
            "endpoints: {fraud: {served_entities: {a: {model: m.l.x}}, traffic: {a: 100}}}",
            ["endpoints.fraud.served_entities.a.model"],
        ),
        (
            "endpoints: {fraud: {served_entities: {a: {entity: m.l.x, number: 1}}, traffic: {a: 100}}}",
            ["endpoints.fraud.served_entities.a.entity", "endpoints.fraud.served_entities.a.number"],
        ),
        (
            "endpoints: {fraud: {served_entities: {a: {entity: 7, version: 1}}, traffic: {a: 100}}}",
            ["endpoints.fraud.served_entities.a.entity"],
        ),
        (
            "endpoints: {fraud: {served_entities: {a: {entity: m.l.x, version: 1.5}}, traffic: {a: 100}}}",
            ["endpoints.fraud.served_entities.a.version"],
        ),
        (
            "endpoints: {fraud: {served_entities: {a: 7, b: 7}, trafic: {a: 50, b: 50}}}",
            ["endpoints.fraud.served_entities.a", "endpoints.fraud.served_entities.b", "endpoints.fraud.trafic"],
        ),
        (
            "endpoints: {fraud: {served_entities: {a b: 7}, traffic: {a b: 100}}}",
            [
                "endpoints.fraud.served_entities.a b",
                "endpoints.fraud.served_entities.a b",
                "endpoints.fraud.traffic.a b",
            ],
        ),
        (
            "endpoints: {fraud: []}\n  model-serving:service_principals: {run: {display_name: x, serves: [fraud]}}",
            ["endpoints.fraud"],
        ),
        ("service_principals: {run: {display_nme: x}}", ["service_principals.run.display_nme"]),
        ("service_principals: {run: {display_name: 7}}", ["service_principals.run.display_name"]),
    ],
)
def test_consequences_of_an_error_are_not_reported(files: StackFiles, written: str, paths: list[str]) -> None:
    diagnostics = files.write(f"config:\n  model-serving:{written}\n").diagnostics()
    assert [diagnostic.path for diagnostic in diagnostics] == paths


NOBODY = "is neither a service principal of this stack nor an application id"
MISSPELT = """
config:
  model-serving:endpoint:
    fraud:
      served_entites:
        champion: {entity: main.ml.fraud, verion: "7", workload_size: small}
        challenger: {entity: main.ml.fraud, version: "8", colour: red, min_provisioned_concurrency: 4}
      permissions:
        - {service_principal: checkout, level: can_query}
        - {service_principal: chekout, level: CAN_QUERY, until: friday}
      trafic: {champion: 95, challenger: 6}
  model-serving:service_principals:
    checkout: {display_name: checkout-app}
"""


def test_unknown_keys_hide_no_other_error(files: StackFiles) -> None:
    faults = [fault.partition("\n")[0].partition(":")[2] for fault in files.write(MISSPELT).faults()]
    entity = "endpoints.fraud.served_entities"
    assert faults == [
        '3:3 endpoint: unknown key "model-serving:endpoint"',
        '5:7 endpoint.fraud.served_entites: unknown key "served_entites"',
        '6:43 endpoint.fraud.served_entites.champion.verion: unknown key "verion"',
        f'6:56 {entity}.champion.workload_size: "small" is not one of Small, Medium, Large',
        f'7:59 {entity}.challenger.colour: unknown key "colour"',
        '9:41 endpoints.fraud.permissions[0].level: "can_query" is not one of CAN_VIEW, CAN_QUERY, CAN_MANAGE',
        f'10:12 endpoints.fraud.permissions[1].service_principal: "chekout" {NOBODY}',
        '10:58 endpoints.fraud.permissions[1].until: unknown key "until"',
        '11:7 endpoint.fraud.trafic: unknown key "trafic"',
        "11:7 endpoints.fraud.traffic: sums to 101, must be 100",
    ]


@pytest.mark.parametrize(
    ("written", "place"),
    [("config:\n  endpoints: %s\n", "2:23"), ("model-serving:endpoints: %s\n", "1:35")],
    ids=["namespace", "beside config"],
)
def test_misplaced_settings_are_validated(files: StackFiles, written: str, place: str) -> None:
    first, second = files.write(
        written % "{fraud: {protect: 7, served_entities: {a: {entity: m.l.x, version: 1}}}}"
    ).faults()
    assert ("is not in the namespace" in first) or ("It belongs under `config:`" in first)
    assert second.startswith(f"stacks/Pulumi.dev.yaml:{place} endpoints.fraud.protect: must be true or false; found 7")


def test_unknown_key_hides_nothing_of_another_file(files: StackFiles) -> None:
    base = "config:\n  model-serving:endpoints:" + endpoint("fraud", share=51)
    own = "config:\n  model-serving:endpints: {fraud: {protect: 7}}\n"
    faults = [fault.partition("\n")[0] for fault in files.write(own, base).faults()]
    assert faults == [
        'stacks/Pulumi.dev.yaml:2:3 endpints: unknown key "model-serving:endpints"',
        "stacks/Pulumi.dev.yaml:2:36 endpoints.fraud.protect: must be true or false; found 7",
        "stacks/base.yaml:7:7 endpoints.fraud.traffic: sums to 101, must be 100",
    ]


def test_references_into_a_misspelled_setting_are_unchecked(files: StackFiles) -> None:
    permissions = "permissions: [{service_principal: checkout, level: CAN_QUERY}]"
    principals = "\n  model-serving:service_principal: {checkout: {display_name: x}}\n"
    written = "config:\n  model-serving:endpoints:" + endpoint("fraud", field=permissions) + principals
    (fault,) = files.write(written).faults()
    assert 'unknown key "model-serving:service_principal"' in fault


def test_unreadable_file_is_reported_alone(files: StackFiles) -> None:
    """Its half of the stack is missing, so nothing that the other half says can be judged."""
    (fault,) = files.write("config:\n\tx", "config:\n  model-serving:endpoints: {fraud: {}}").faults()
    assert "a tab is used" in fault


def test_both_unreadable_files_are_reported(files: StackFiles) -> None:
    faults = files.write("", "[").faults()
    assert [fault.partition(":")[0] for fault in faults] == ["stacks/Pulumi.dev.yaml", "stacks/base.yaml"]
