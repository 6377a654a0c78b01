"""The JSON Schema that editors read beside the stack files."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from model_serving.spec.files.yaml_text import Loader
from model_serving.spec.json_schema import FILE, text

FOLDER = FILE.parent
SHIPPED = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = json.loads(FILE.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def wrong(validator: jsonschema.Draft7Validator, written: str) -> list[str]:
    """Where the schema objects, as an editor would mark it."""
    data: Any = yaml.load(written, Loader=Loader)  # noqa: S506  safe: a subclass of SafeLoader
    return sorted({"/".join(map(str, error.absolute_path)) for error in validator.iter_errors(data)})


def test_schema_file_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "Run `make schema`"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_stack_files_match_the_schema(validator: jsonschema.Draft7Validator, file: Path) -> None:
    written = file.read_text(encoding="utf-8")
    assert written.startswith("# yaml-language-server: $schema=./schema.json\n")
    assert wrong(validator, written) == []


ENDPOINT = "config: {model-serving:endpoints: {fraud: %s}}"


@pytest.mark.parametrize(
    "endpoint",
    [
        "{served_entities: {a: {entity: m.l.x, version: 7}}}",
        '{served_entities: {a: {entity: m.l.x, version: "7"}, b: null}, traffic: {b: null}}',
        "{description: {secure: v1:abc}, tags: {a: {secure: v1:abc}, b: null}}",
        "{permissions: [{service_principal: checkout, level: CAN_QUERY}]}",
        "{rollout: {bake: 90s, gate: {errors_below: 0.5%, p95_below: 1.5s, smoke: null, command: [./a]}}}",
        "null",
    ],
    ids=[
        "version as a number",
        "removed entity",
        "secrets",
        "half an endpoint, over base.yaml",
        "half a rollout",
        "removed endpoint",
    ],
)
def test_schema_accepts_overlays(validator: jsonschema.Draft7Validator, endpoint: str) -> None:
    assert wrong(validator, ENDPOINT % endpoint) == []


POLICIES = "config: {model-serving:policies: %s}"


@pytest.mark.parametrize(
    "policies",
    [
        "{traffic-jump: advisory, gpu-where-allowed: {stacks: [prod]}, production: {stacks: []}}",
        "{traffic-jump: null, all: disabled, required-tags: {level: mandatory, tags: null}}",
    ],
)
def test_schema_accepts_levels_and_settings(validator: jsonschema.Draft7Validator, policies: str) -> None:
    assert wrong(validator, POLICIES % policies) == []


FRAUD = "config/model-serving:endpoints/fraud"


@pytest.mark.parametrize(
    ("written", "where"),
    [
        (ENDPOINT % "{served_entites: {}}", FRAUD),
        (ENDPOINT % "{route_optimized: yes}", f"{FRAUD}/route_optimized"),
        (ENDPOINT % "{served_entities: {a b: {}}}", f"{FRAUD}/served_entities"),
        (ENDPOINT % "{served_entities: {a: {workload_size: small}}}", f"{FRAUD}/served_entities/a/workload_size"),
        (ENDPOINT % "{served_entities: {a: {version: 7.5}}}", f"{FRAUD}/served_entities/a/version"),
        (ENDPOINT % "{permissions: [{group: all}]}", f"{FRAUD}/permissions/0"),
        (ENDPOINT % "{permissions: [null]}", f"{FRAUD}/permissions/0"),
        (ENDPOINT % "{traffic: {a: {secure: v1:abc}}}", f"{FRAUD}/traffic/a"),
        (ENDPOINT % "{rollout: {steps: [5, 100], bake: 1.5h}}", f"{FRAUD}/rollout/steps/1"),
        (ENDPOINT % "{rollout: {bake: 10}}", f"{FRAUD}/rollout/bake"),
        (ENDPOINT % "{rollout: {gate: {p95_below: 80}}}", f"{FRAUD}/rollout/gate/p95_below"),
        (ENDPOINT % "{rollout: {gate: {compare: {p95_at_most: 1.2}}}}", f"{FRAUD}/rollout/gate/compare/p95_at_most"),
        (POLICIES % "{traffic-jmp: advisory}", "config/model-serving:policies"),
        (POLICIES % "{traffic-jump: sometimes}", "config/model-serving:policies/traffic-jump"),
        (POLICIES % "{traffic-jump: {points: few}}", "config/model-serving:policies/traffic-jump"),
        (POLICIES % "{production: {stack: [prod]}}", "config/model-serving:policies/production"),
        ("config: {model-serving:endpoint: {}}", "config"),
        ("config: {endpoints: {}}", "config"),
        ("confg: {}", ""),
    ],
)
def test_schema_marks_the_invalid_value(validator: jsonschema.Draft7Validator, written: str, where: str) -> None:
    assert wrong(validator, written) == [where]


def test_keys_of_pulumi_and_providers_are_accepted(validator: jsonschema.Draft7Validator) -> None:
    written = "config: {databricks:host: x, pulumi:tags: {a: b}}\nencryptionsalt: v1:x\nsecretsprovider: y\n"
    assert wrong(validator, written) == []
