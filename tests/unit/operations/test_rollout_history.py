"""The history of rollouts in a state."""

from model_serving.databricks.resource_types import ROLLOUT_RECORD
from model_serving.operations.rollout_history import read_history


def test_a_record_of_another_version_is_left_out() -> None:
    urn = f"urn:pulumi:prod::p::{ROLLOUT_RECORD}::fraud-rollout"
    for text in ("{", '{"revision": "r1", "status": "paused"}'):
        assert read_history("prod", [{"type": ROLLOUT_RECORD, "urn": urn, "outputs": {"record": text}}]) == {}
