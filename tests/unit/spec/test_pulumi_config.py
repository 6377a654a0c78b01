"""A stack's file beside the configuration that the engine read: the same, or refused."""

import json
from typing import Any

import pytest

from model_serving.spec.files.pulumi_config import EngineConfig
from tests.support.stack_files import StackFiles

WRITTEN = """\
config:
  model-serving:name_prefix: dev-
  model-serving:default_tags: {since: 2026-01-01, build: 007}
  model-serving:endpoints:
    fraud:
      served_entities:
        champion: {entity: main.ml.fraud, version: "7"}
        challenger: {entity: main.ml.fraud, version: 8}
      traffic: {champion: 95, challenger: 5}
      permissions: [{group: all, level: CAN_QUERY}]
"""
AS_READ: dict[str, Any] = {
    "name_prefix": "dev-",
    # Pulumi's YAML reads a date and an octal number where ours reads text.
    "default_tags": {"since": "2026-01-01 00:00:00 +0000 UTC", "build": 7},
    "endpoints": {
        "fraud": {
            "served_entities": {
                "champion": {"entity": "main.ml.fraud", "version": "7"},
                "challenger": {"entity": "main.ml.fraud", "version": 8},
            },
            "traffic": {"champion": 95, "challenger": 5},
            "permissions": [{"group": "all", "level": "CAN_QUERY"}],
        }
    },
}
HINT = "\n    Run without --config-file, and keep these settings out of Pulumi.yaml and ESC environments"


def engine(values: dict[str, Any]) -> EngineConfig:
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return as_text.get


def test_same_file_as_the_engine_is_accepted(files: StackFiles) -> None:
    written = files.write(WRITTEN)
    assert written.load(engine(AS_READ)) == written.load()


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("name_prefix",), "prod-", "2:3 name_prefix"),
        (("default_tags",), None, "3:3 default_tags"),
        (("endpoints", "fraud", "traffic", "champion"), 50, "9:17 endpoints.fraud.traffic.champion"),
        (("endpoints", "fraud", "traffic", "champion"), None, "9:17 endpoints.fraud.traffic.champion"),
        (("endpoints", "fraud", "protect"), True, "5:5 endpoints.fraud.protect"),
        (("endpoints", "fraud", "permissions"), [], "10:7 endpoints.fraud.permissions"),
        (("endpoints", "iris"), {"served_entities": {}}, "4:3 endpoints.iris"),
        (
            ("endpoints", "fraud", "served_entities", "champion", "version"),
            "8",
            "7:43 endpoints.fraud.served_entities.champion.version",
        ),
        (("service_principals",), {"checkout": {}}, "1:1 service_principals"),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else None,
)
def test_another_file_than_the_engine_is_rejected(
    files: StackFiles, path: tuple[str, ...], value: Any, where: str
) -> None:
    values = json.loads(json.dumps(AS_READ))
    inner = values
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    assert files.write(WRITTEN).faults(engine({key: value for key, value in values.items() if value is not None})) == [
        (
            f"stacks/Pulumi.dev.yaml:{where}: Pulumi's value differs from this file, which alone declares what is"
            f" deployed{HINT}"
        )
    ]


def test_secret_unknown_to_the_engine_is_rejected(files: StackFiles) -> None:
    written = "config:\n  model-serving:default_tags: {team: {secure: v1:abc}}\n"
    (fault,) = files.write(written).faults(engine({}))
    assert fault.startswith("stacks/Pulumi.dev.yaml:2:3 default_tags: Pulumi's value differs")


def test_empty_setting_equals_that_of_pulumi(files: StackFiles) -> None:
    """Pulumi takes a setting without a value for an empty text."""
    base = "config:\n  model-serving:default_tags: {team: risk}\n"
    written = "config:\n  model-serving:default_tags:\n"
    assert files.write(written, base).load(engine({"default_tags": ""})).default_tags == {}
