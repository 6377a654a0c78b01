"""A program with one endpoint for each field that is tried, declared in a stack file or in raw Pulumi."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from model_serving.components.from_spec import endpoint_args
from model_serving.components.inputs import endpoint_inputs
from model_serving.spec import Stack
from tests.engine.contract.field_cases import MODEL
from tests.support.sandbox import Sandbox

WITHOUT_QUOTA = ("--ready-after", "0", "--limit", "changes=10000")
"""As many edits at once as there are fields are more than a workspace takes in five minutes."""

Endpoints = Mapping[str, Mapping[str, Any]]

RAW = """
import json
from pathlib import Path

import pulumi

for name, inputs in json.loads(Path("endpoints.json").read_text()).items():
    pulumi.CustomResource("databricks:index/modelServing:ModelServing", name, inputs)
"""


def declare(sandbox: Sandbox, endpoints: Endpoints) -> None:
    """In a stack file, as this project's users do."""
    _keep_only_the_host(
        sandbox, {"model-serving:endpoints": {name: _whole(fields) for name, fields in endpoints.items()}}
    )


def declare_raw(sandbox: Sandbox, endpoints: Endpoints) -> None:
    """In a program that registers `databricks.ModelServing` itself, with the same inputs and all of them."""
    _keep_only_the_host(sandbox, {})
    stack = Stack.model_validate({"endpoints": {name: _whole(fields) for name, fields in endpoints.items()}})
    arguments = {name: endpoint_args(stack, name) for name in endpoints}
    declared = {name: endpoint_inputs(args) for name, args in arguments.items()}
    inputs = {name: each.model_serving | each.settings for name, each in declared.items()}
    for name, fields in endpoints.items():
        _as_a_raw_program_would(inputs[name], _whole(fields))
    (sandbox.folder / "__main__.py").write_text(RAW)
    (sandbox.folder / "endpoints.json").write_text(json.dumps(inputs))


def _as_a_raw_program_would(inputs: dict[str, Any], fields: Mapping[str, Any]) -> None:
    """The components write CPU where nothing is said, and leave out `burst_scaling`; a raw program does neither."""
    for entity in inputs["config"]["servedEntities"]:
        written = fields["served_entities"][entity["name"]]
        if "workload_type" not in written:
            del entity["workloadType"]
        if "burst_scaling" in written:
            entity["burstScalingEnabled"] = written["burst_scaling"]


def _whole(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"served_entities": {"current": MODEL}, **fields}


def _keep_only_the_host(sandbox: Sandbox, config: Mapping[str, Any]) -> None:
    file = sandbox.folder / "stacks/Pulumi.local.yaml"
    written = yaml.safe_load(file.read_text())
    written["config"] = {"databricks:host": written["config"]["databricks:host"], **config}
    file.write_text(yaml.safe_dump(written))
    (sandbox.folder / "stacks/base.yaml").write_text("config: {}\n")
