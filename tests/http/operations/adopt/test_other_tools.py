"""`model-serving adopt` of what a bundle or Terraform manages, and what it says of the way out of there."""

import json
from pathlib import Path
from typing import Any

from tests.http.operations.adopt.conftest import Adopter
from tests.support.running_workspace import PROJECT

PAGE = (PROJECT / "docs" / "adoption.md").read_text(encoding="utf-8")
BUNDLE = """\
bundle: {name: scoring}
variables:
  version: {default: "8"}
targets:
  prod: {}
resources:
  model_serving_endpoints:
    fraud:
      name: fraud-scorer
      config:
        served_entities:
          - {name: champion, entity_name: main.ml.fraud, entity_version: "${var.version}", workload_size: Small}
"""


def state(folder: Path, *names: str) -> None:
    """Write a Terraform state with one resource for each endpoint, and its permissions."""
    resources: list[dict[str, Any]] = []
    for name in names:
        key = name.replace("-", "_")
        entity = {"name": "champion", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Small"}
        attributes = {"name": name, "serving_endpoint_id": f"id-{name}", "config": [{"served_entities": [entity]}]}
        own = {"mode": "managed", "name": key}
        resources += [
            {**own, "type": "databricks_model_serving", "instances": [{"attributes": attributes}]},
            {
                **own,
                "type": "databricks_permissions",
                "instances": [{"attributes": {"serving_endpoint_id": f"id-{name}"}}],
            },
        ]
    (folder / "state.json").write_text(json.dumps({"version": 4, "resources": resources}), encoding="utf-8")


def test_bundle_selects_and_is_unbound(adopter: Adopter) -> None:
    adopter.create("fraud-scorer")
    adopter.create("other")
    (adopter.folder / "databricks.yml").write_text(BUNDLE, encoding="utf-8")
    outcome = adopter.run("--bundle", "databricks.yml", "--target", "prod", "--write")
    assert outcome.status == 0
    assert [*adopter.spec().endpoints] == ["fraud-scorer"]
    assert adopter.spec().endpoints["fraud-scorer"].served_entities["champion"].version == "7"
    place = "databricks.yml:8:5 fraud-scorer"
    assert f"{place}: served_entities.champion.version: 8 here, 7 live\n" in outcome.err
    command = "databricks bundle deployment unbind fraud -t prod"
    assert f"\n{command}\n" in outcome.err
    assert command in PAGE


def test_variable_makes_a_bundle_agree(adopter: Adopter) -> None:
    adopter.create("fraud-scorer")
    (adopter.folder / "databricks.yml").write_text(BUNDLE, encoding="utf-8")
    outcome = adopter.run("--bundle", ".", "--var", "version=7", "--json")
    assert outcome.status == 0
    assert outcome.result["source"]["differences"] == []


def test_terraform_forgets_exactly_the_adopted(adopter: Adopter) -> None:
    adopter.create("fraud-scorer")
    state(adopter.folder, "fraud-scorer", "gone")
    outcome = adopter.run("--terraform-state", "state.json")
    assert outcome.status == 0
    assert outcome.err.count("removed {") == 2
    block = outcome.err[outcome.err.index("removed {") :].partition("\n\n")[0]
    assert block in PAGE
    assert "databricks_permissions.fraud_scorer" in outcome.err
    assert "gone: deleted: " in outcome.err
    assert "databricks_model_serving.gone" not in outcome.err


def test_options_that_contradict_are_refused(adopter: Adopter) -> None:
    (adopter.folder / "databricks.yml").write_text(BUNDLE, encoding="utf-8")
    for arguments, message in (
        (("--bundle", ".", "--terraform-state", "x"), "Choose one of --bundle and --terraform-state"),
        (("--bundle", ".", "--name", "x"), "Choose one of --name and another tool's file"),
        (("--target", "prod"), "--target and --var are for --bundle"),
        (("--import", "--write"), "Choose one of --dry-run, --write and --import"),
    ):
        outcome = adopter.run(*arguments)
        assert (outcome.status, message in outcome.err) == (3, True), outcome.err
