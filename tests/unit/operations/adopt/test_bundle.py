"""The endpoints of a Databricks bundle: files, targets, variables, and what only its own CLI knows."""

from pathlib import Path

import pytest

from model_serving.errors import UserError
from model_serving.operations.adopt.sources.bundle import read_bundle, release_bundle
from model_serving.operations.adopt.sources.source import source_differences

BUNDLE = """\
bundle: {name: scoring}
include: [resources/*.yml]
variables:
  model: {default: main.ml.fraud}
  size: {default: Small}
  version: {description: The version to serve}
  warehouse: {lookup: {warehouse: main}}
targets:
  dev: {default: true, mode: development}
  prod:
    presets: {name_prefix: "[team a] "}
    variables: {size: Large, version: "8"}
    resources:
      model_serving_endpoints:
        fraud: {tags: [{key: env, value: prod}]}
"""
RESOURCES = """\
resources:
  jobs: {train: {name: train}}
  model_serving_endpoints:
    fraud:
      name: fraud-${bundle.target}
      tags: [{key: team, value: risk}]
      config:
        served_entities:
          - name: champion
            entity_name: ${var.model}
            entity_version: ${var.version}
            workload_size: ${var.size}
            environment_vars: {TOKEN: hush, WAREHOUSE: "${var.warehouse}"}
"""


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resources").mkdir()
    (tmp_path / "databricks.yml").write_text(BUNDLE, encoding="utf-8")
    (tmp_path / "resources/serving.yml").write_text(RESOURCES, encoding="utf-8")
    return Path("databricks.yml")


def test_target_overlays_what_is_included(bundle: Path) -> None:
    (found,) = read_bundle(bundle, "prod").endpoints
    assert (found.name, found.address, found.place) == ("team_a_fraud-prod", "fraud", "resources/serving.yml:4:5")
    assert found.declared["tags"] == [{"key": "team", "value": "risk"}, {"key": "env", "value": "prod"}]
    assert found.declared["config"]["served_entities"] == [
        {
            "name": "champion",
            "entity_name": "main.ml.fraud",
            "entity_version": "8",
            "workload_size": "Large",
            "environment_vars": {"TOKEN": "hush"},
        }
    ]


def test_development_prefixes_the_deployers_name(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNDLE_VAR_size", "Medium")
    source = read_bundle(bundle, variables=["version=9"], user="Ann.Lee@example.com")
    assert source.names == ("dev_ann_lee_fraud-dev",)
    (entity,) = source.endpoints[0].declared["config"]["served_entities"]
    assert (entity["entity_version"], entity["workload_size"]) == ("9", "Medium")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("${var.version}", 'variable "version" has no value', "Give it: --var version=VALUE"),
        ("x-${var.warehouse}", 'variable "warehouse" is looked up in the workspace by the CLI', "--var warehouse="),
        ("${var.colour}", 'there is no variable "colour"', "Declare it in `variables`"),
        ("${resources.jobs.train.id}", "${resources.jobs.train.id} is known to the Databricks CLI only", "by --name"),
        ("${workspace.current_user.short_name}", "is known to the Databricks CLI only", "by --name"),
    ],
)
def test_unknown_names_are_problems_with_place(bundle: Path, name: str, message: str, hint: str) -> None:
    file = Path("resources/serving.yml")
    file.write_text(RESOURCES.replace("fraud-${bundle.target}", name), encoding="utf-8")
    with pytest.raises(UserError) as refusal:
        read_bundle(bundle, "dev")
    text = str(refusal.value)
    assert "resources/serving.yml:5:7 resources.model_serving_endpoints.fraud.name: " in text
    assert message in text
    assert hint in text


@pytest.mark.parametrize(
    ("target", "variables", "message"),
    [
        ("staging", [], 'has no target "staging". Its targets are: dev, prod'),
        (None, ["version"], '"version" is no variable: write --var NAME=VALUE'),
    ],
)
def test_wrong_options_are_explained(bundle: Path, target: str | None, variables: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_bundle(bundle, target, variables)


def test_missing_and_broken_files_are_explained(bundle: Path) -> None:
    with pytest.raises(UserError, match="There is no file other"):
        read_bundle(Path("other.yml"))
    bundle.write_text("bundle: {name: [}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"databricks.yml:1:\d+"):
        read_bundle(bundle)


def test_letting_go_names_exactly_the_adopted(bundle: Path) -> None:
    source = read_bundle(bundle, "prod")
    text = release_bundle(source, frozenset({"team_a_fraud-prod"}))
    assert "databricks bundle deployment unbind fraud -t prod\n" in text
    assert release_bundle(source, frozenset({"other"})) == ""


def test_differences_from_live_are_listed(bundle: Path) -> None:
    (managed,) = read_bundle(bundle, "prod").endpoints
    entity = {"entity": "main.ml.fraud", "version": "9", "workload_size": "Large", "environment_vars": {"TOKEN": "x"}}
    live = {"tags": {"team": "risk"}, "served_entities": {"champion": entity}}
    place = "resources/serving.yml:4:5 team_a_fraud-prod: "
    assert [*source_differences(managed, live)] == [
        f"{place}served_entities.champion.version: 8 here, 9 live",
        f"{place}served_entities.champion.environment_vars.TOKEN differs",
        f"{place}tags.env: prod here, none live",
    ]
