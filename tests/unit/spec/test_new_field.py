"""A new field takes two declarations: a line of the vocabulary, and a row of the field contract."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[3]
VOCABULARY = "model_serving/spec/vocabulary/served_entity.py"
CONTRACT = "model_serving/contract/model_serving.yaml"

FIELD = '    warm_instances: Count | None = Field(default=None, description="Instances that are kept warm.")\n'
ROW = """
config.servedEntities.*.warmInstances:
  on_change: update
  call: PUT config
  consequence: redeploy
  reason: the entity is deployed again with other instances
  evidence: made up
"""

PROGRAM = '''
import json
from pathlib import Path

from model_serving.components.args import ServedEntityArgs
from model_serving.components.deployment.served_config import config_body, config_differences
from model_serving.components.from_spec import endpoint_args
from model_serving.components.inputs import endpoint_inputs
from model_serving.contract.reference_docs import page
from model_serving.review.assess.from_preview import report
from model_serving.review.plan.events import from_events
from model_serving.review.render.markdown import markdown
from model_serving.spec import SpecError, load_stack
from model_serving.spec.json_schema import stack_file_schema
from model_serving.spec.reference_docs import tables

FILE = """
config:
  model-serving:endpoints:
    fraud: {served_entities: {champion: {entity: main.ml.fraud, version: "7", warm_instances: %s}}}
"""


def inputs(value):
    Path("Pulumi.dev.yaml").write_text(FILE % value)
    return endpoint_inputs(endpoint_args(load_stack("dev", Path()), "fraud")).model_serving


def error():
    try:
        inputs("many")
    except SpecError as refused:
        return str(refused)


def comment(old, new):
    urn = "urn:pulumi:prod::p::model-serving:index:ServingEndpoint$databricks:index/modelServing:ModelServing::fraud"
    sides = {side: {"inputs": value, "outputs": {}} for side, value in (("old", old), ("new", new))}
    metadata = {"op": "update", "urn": urn, "diffs": ["config"], **sides}
    return markdown(report(from_events([{"resourcePreEvent": {"metadata": metadata}}])))


old, new = inputs(1), inputs(2)
served = {"served_entities": config_body(old)["served_entities"], "traffic_config": config_body(old)["traffic_config"]}
print(json.dumps({
    "argument": ServedEntityArgs(entity="m", warm_instances=2).warm_instances,
    "inputs": new["config"]["servedEntities"][0],
    "differences": config_differences(config_body(new), served),
    "error": error(),
    "schema": stack_file_schema()["definitions"]["ServedEntity"]["properties"].get("warm_instances"),
    "stack files page": tables(),
    "contract page": page(),
    "comment": comment(old, new),
}))
'''


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All that a copy of the library derives from a field that is declared in these two places."""
    copy = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__", "workspace")
    shutil.copytree(PROJECT / "model_serving", copy / "model_serving", ignore=ignored)
    vocabulary, contract = copy / VOCABULARY, copy / CONTRACT
    model, properties = vocabulary.read_text(encoding="utf-8").split("\n    @property\n    def model_name")
    vocabulary.write_text(f"{model}{FIELD}\n    @property\n    def model_name{properties}", encoding="utf-8")
    contract.write_text(contract.read_text(encoding="utf-8") + ROW, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=copy, capture_output=True, text=True, check=False, env={"PYTHONPATH": "."}
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_new_field_reaches_the_provider_inputs(derived: dict[str, Any]) -> None:
    assert derived["inputs"]["warmInstances"] == 2


def test_new_field_is_a_component_argument(derived: dict[str, Any]) -> None:
    assert derived["argument"] == 2


def test_new_field_is_validated(derived: dict[str, Any]) -> None:
    expected = 'endpoints.fraud.served_entities.champion.warm_instances: must be a whole number; found "many"'
    assert expected in derived["error"]


def test_new_field_is_in_the_schema(derived: dict[str, Any]) -> None:
    assert derived["schema"] == {
        "description": "Instances that are kept warm.",
        "minimum": 0,
        "type": ["integer", "null"],
    }


def test_new_field_is_on_the_pages(derived: dict[str, Any]) -> None:
    assert "| `warm_instances` | whole number | Instances that are kept warm. |" in derived["stack files page"]
    assert "| `config.servedEntities.*.warmInstances` | updates | the same | `PUT config` |" in derived["contract page"]


def test_new_field_is_in_the_comment(derived: dict[str, Any]) -> None:
    assert "served_entities.champion.warm_instances" in derived["comment"]
    assert "the entity is deployed again with other instances" in derived["comment"]


def test_lost_update_of_new_field_is_found(derived: dict[str, Any]) -> None:
    assert derived["differences"] == ['"champion": warm_instances 1 instead of 2']
