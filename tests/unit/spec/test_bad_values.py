"""What can be wrong in a stack's values: each with its whole message, at the value (`bad_values.yaml`)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.stack_files import StackFiles

CASES: Any = yaml.safe_load((Path(__file__).parent / "bad_values.yaml").read_text(encoding="utf-8"))
CHAMPION = """\
config:
  model-serving:endpoints:
    fraud:
      served_entities:
        champion: {entity: main.ml.fraud, version: %s}
"""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_wrong_value_is_reported_with_a_hint(files: StackFiles, case: dict[str, str]) -> None:
    assert files.write(case["written"]).faults() == [case["expected"].removesuffix("\n")]


@pytest.mark.parametrize("version", ["7", '"7"', "'7'"])
def test_version_may_be_a_bare_number(files: StackFiles, version: str) -> None:
    stack = files.write(CHAMPION % version).load()
    assert stack.endpoints["fraud"].served_entities["champion"].version == "7"


@pytest.mark.parametrize("text", ["no", "2026-01-01", "1:30", "0x1F", "1_000", "012"])
def test_ambiguous_yaml_text_stays_text(files: StackFiles, text: str) -> None:
    stack = files.write(f"config:\n  model-serving:default_tags: {{a: {text}}}").load()
    assert stack.default_tags == {"a": text}


@pytest.mark.parametrize("key", ["databricks:host", "model-monitoring:level", "aws:endpoints"])
def test_other_namespaces_are_left_alone(files: StackFiles, key: str) -> None:
    assert files.write(f"config:\n  {key}: anything\n").faults() == []
