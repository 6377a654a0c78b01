"""Loading a stack costs one reading of each file and one validation, whatever is done with it afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_serving.check.check import check
from model_serving.components import serving_endpoint
from model_serving.components.from_spec import endpoint_args
from model_serving.components.inputs import endpoint_inputs
from model_serving.components.serving_endpoint import ServingEndpoint
from model_serving.spec import Stack, load
from model_serving.spec.files import yaml_locations
from model_serving.spec.files.yaml_text import compose
from tests.support.pulumi_mocks import Mocks, mocked, use_mocks
from tests.support.stack_files import StackFiles

BASE = "config:\n  model-serving:default_tags: {team: risk}\n"
OWN = """
config:
  model-serving:endpoints:
    fraud:
      served_entities: {champion: {entity: main.ml.fraud, version: "7", workload_type: GPU_SMALL}}
"""
"""Rules find something in it, so that a location is needed as well."""


def counted(calls: list[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which adds `name` to the calls."""

    def call(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        return function(*arguments, **options)

    return call


def test_check_reads_and_validates_a_stack_once(files: StackFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(OWN, BASE)
    calls: list[str] = []
    monkeypatch.setattr(yaml_locations, "compose", counted(calls, "read", compose))
    monkeypatch.setattr(Stack, "model_validate", counted(calls, "validate", Stack.model_validate))
    findings = check(Path.cwd(), []).findings
    assert {finding.rule for finding in findings} == {"gpu-where-allowed", "permissions-declared"}
    assert sorted(calls) == ["read", "read", "validate"]


def test_inputs_of_an_endpoint_are_computed_once(files: StackFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load("dev", files.write(OWN, BASE).folder)
    calls: list[str] = []
    monkeypatch.setattr(serving_endpoint, "endpoint_inputs", counted(calls, "inputs", endpoint_inputs))
    use_mocks(Mocks())

    @mocked
    def program() -> None:
        args = endpoint_args(loaded.stack, "fraud").model_copy(update={"preflight": False})
        ServingEndpoint("fraud", args)

    program()
    assert calls == ["inputs"]
