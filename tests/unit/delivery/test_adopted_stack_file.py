"""Adopted endpoints are written into the stack's own file as a person would write them."""

import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from model_serving.delivery.adopt.stack_file import adoption_change
from model_serving.delivery.yaml_edit import with_entries
from model_serving.errors import UserError
from model_serving.operations.adopt.entry import Adoption, Entry
from model_serving.spec import load_stack
from model_serving.spec.files.yaml_text import Loader
from tests.support.random_endpoints import TEXTS, random_fields

OWN = """\
# Production. Ask the team before you edit it.
config:
  databricks:host: https://prod.example.com
  model-serving:endpoints:
    iris:  # the oldest
      served_entities:
        current: {entity: main.ml.iris, version: "2"}
    # The end of the endpoints.
encryptionsalt: v1:abc
"""
ID = "0123456789abcdef0123456789abcdef"
PRINCIPAL = "12345678-abcd-1234-abcd-1234567890ab"
FRAUD = Entry(
    key="fraud-scorer",
    name="fraud-scorer",
    id=ID,
    fields={
        "description": "Scores payments: fast",
        "route_optimized": True,
        "served_entities": {
            "champion": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"},
            "challenger": {
                "entity": "main.ml.fraud",
                "version": "8",
                "workload_size": "Small",
                "environment_vars": {"API_KEY": "{{secrets/serving/api-key}}"},
            },
        },
        "traffic": {"champion": 95, "challenger": 5},
        "permissions": [
            {"group": "ml engineers", "level": "CAN_MANAGE"},
            {"service_principal": "checkout-app", "level": "CAN_QUERY"},
        ],
        "tags": {"team": "risk", "on": "7"},
        "ai_gateway": {"usage_tracking": True, "rate_limits": [{"key": "endpoint", "calls": 100}]},
    },
)
ADOPTION = Adoption((FRAUD,), service_principals={"checkout-app": {"application_id": PRINCIPAL}})


def project(folder: Path, own: str = OWN, base: str = "config: {}\n") -> Path:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "base.yaml").write_text(base)
    (folder / "stacks" / "Pulumi.prod.yaml").write_text(own)
    return folder


def test_an_entry_is_written_as_people_write(tmp_path: Path) -> None:
    folder = project(tmp_path)
    change = adoption_change("prod", folder, ADOPTION)
    assert change.files["stacks/Pulumi.prod.yaml"] == OWN.replace(
        "    # The end of the endpoints.\n",
        """\
    fraud-scorer:
      adopt_id: 0123456789abcdef0123456789abcdef
      description: "Scores payments: fast"
      route_optimized: true
      served_entities:
        champion: {entity: main.ml.fraud, version: "7", workload_size: Small}
        challenger:
          entity: main.ml.fraud
          version: "8"
          workload_size: Small
          environment_vars: {API_KEY: "{{secrets/serving/api-key}}"}
      traffic: {champion: 95, challenger: 5}
      permissions:
        - {group: ml engineers, level: CAN_MANAGE}
        - {service_principal: checkout-app, level: CAN_QUERY}
      tags: {team: risk, "on": "7"}
      ai_gateway:
        usage_tracking: true
        rate_limits:
          - {key: endpoint, calls: 100}
    # The end of the endpoints.
  model-serving:service_principals:
    checkout-app: {application_id: 12345678-abcd-1234-abcd-1234567890ab}
""",
    )


def test_the_patch_applies_and_removes_no_line(tmp_path: Path) -> None:
    folder = project(tmp_path)
    change = adoption_change("prod", folder, ADOPTION)
    subprocess.run(["git", "apply", "-"], cwd=folder, input=change.patch, text=True, check=True)
    assert (folder / "stacks/Pulumi.prod.yaml").read_text() == change.files["stacks/Pulumi.prod.yaml"]
    assert not [line for line in change.patch.splitlines() if line.startswith("-") and not line.startswith("---")]


@pytest.mark.parametrize(
    "own", ["config:\n", "config: {}\n", "config:\n  model-serving:endpoints: {}\n", "# Nothing yet\n{}\n"]
)
def test_an_empty_file_gets_the_entries(tmp_path: Path, own: str) -> None:
    folder = project(tmp_path, own)
    for file, text in adoption_change("prod", folder, ADOPTION).files.items():
        (folder / file).write_text(text)
    spec = load_stack("prod", folder / "stacks")
    assert list(spec.endpoints) == ["fraud-scorer"]
    assert spec.service_principals["checkout-app"].application_id == PRINCIPAL


def test_random_entries_are_declared_exactly(tmp_path: Path) -> None:
    random = Random(14)  # noqa: S311  a test's own numbers
    entries = [Entry(f"endpoint-{n}", f"endpoint-{n}", ID, random_fields(random, (PRINCIPAL,))) for n in range(60)]
    folder = project(tmp_path)
    text = adoption_change("prod", folder, Adoption(tuple(entries))).files["stacks/Pulumi.prod.yaml"]
    (folder / "stacks/Pulumi.prod.yaml").write_text(text)
    assert len(load_stack("prod", folder / "stacks").endpoints) == 61
    assert max(len(line) for line in text.splitlines()) <= 120


def test_a_shared_map_of_endpoints_is_not_edited(tmp_path: Path) -> None:
    own = "config:\n  model-serving:endpoints: *shared\n".replace("*shared", "&shared {}")
    own += "  model-serving:service_principals: *shared\n"
    with pytest.raises(UserError, match="can't be changed without changing more, because of anchors"):
        adoption_change("prod", project(tmp_path, own), ADOPTION)


def test_nothing_to_adopt_changes_nothing(tmp_path: Path) -> None:
    change = adoption_change("prod", project(tmp_path), Adoption(()))
    assert (change.files, change.patch) == ({}, "")


def test_a_key_that_no_map_can_hold_is_quoted(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"served_entities": {"null": {"entity": "main.ml.fraud", "version": "7"}}}
    folder = project(tmp_path)
    text = adoption_change("prod", folder, Adoption((Entry("7", "7", ID, fields),))).files["stacks/Pulumi.prod.yaml"]
    assert '    "7":\n' in text
    assert '        "null": {' in text


@pytest.mark.parametrize("text", [*TEXTS, "a\u2028b", "\ufeffx", "\u00a0", "a: b # c"])
def test_every_text_is_read_again_as_it_was(text: str) -> None:
    written = with_entries("a: {}\n", ("a",), {text: {"in a map": text, "in a list": [text, text]}, "alone": text})
    expected = {text: {"in a map": text, "in a list": [text, text]}, "alone": text}
    assert yaml.safe_load(written) == {"a": expected}  # YAML 1.1, as most tools read it
    assert yaml.load(written, Loader=Loader) == {"a": expected}  # noqa: S506  1.2, as Pulumi does; it is a safe one


def test_encrypted_values_stay_as_they_are(tmp_path: Path) -> None:
    secret = '        current: {entity: main.ml.iris, version: "2", environment_vars: {KEY: {secure: v1:abc:def}}}\n'
    own = OWN.replace('        current: {entity: main.ml.iris, version: "2"}\n', secret)
    text = adoption_change("prod", project(tmp_path, own), ADOPTION).files["stacks/Pulumi.prod.yaml"]
    assert secret in text
    assert "    fraud-scorer:\n" in text


def test_a_file_without_a_last_line_break_is_extended(tmp_path: Path) -> None:
    folder = project(tmp_path, OWN.partition("    # The end")[0].rstrip("\n"))
    change = adoption_change("prod", folder, ADOPTION)
    subprocess.run(["git", "apply", "-"], cwd=folder, input=change.patch, text=True, check=True)
    assert list(load_stack("prod", folder / "stacks").endpoints) == ["iris", "fraud-scorer"]


def test_line_ends_of_windows_stay(tmp_path: Path) -> None:
    folder = project(tmp_path, OWN)
    file = folder / "stacks/Pulumi.prod.yaml"
    expected = adoption_change("prod", folder, ADOPTION)
    file.write_text(OWN, encoding="utf-8", newline="\r\n")
    change = adoption_change("prod", folder, ADOPTION)
    assert change.files == {name: text.replace("\n", "\r\n") for name, text in expected.files.items()}
    assert change.patch.count("\n-") == expected.patch.count("\n-")
    subprocess.run(["git", "apply", "-"], cwd=folder, input=change.patch.encode(), check=True)
    assert file.read_bytes().decode() == change.files["stacks/Pulumi.prod.yaml"]
