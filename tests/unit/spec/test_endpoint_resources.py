"""The resource names of endpoints, which never move, and their keys."""

import pytest

from model_serving.spec.endpoint_resources import is_in_family, is_successor, key_of, successor_resource


@pytest.mark.parametrize(
    ("resource", "suffix", "key"),
    [
        ("fraud", "", "fraud"),
        ("fraud-settings", "-settings", "fraud"),
        ("fraud-settings", "", "fraud-settings"),
        ("fraud/fraud-2", "", "fraud"),
        ("fraud/fraud-2-settings", "-settings", "fraud"),
        ("fraud/fraud-2-settings", "", "fraud"),
    ],
)
def test_every_resource_leads_to_its_key(resource: str, suffix: str, key: str) -> None:
    assert key_of(resource, suffix) == key


def test_successors_belong_to_the_family() -> None:
    successor = successor_resource("fraud", "fraud-2")
    assert successor == "fraud/fraud-2"
    assert is_successor(successor)
    assert not is_successor("fraud")
    assert is_in_family(successor, "fraud")
    assert not is_in_family("fraud-2", "fraud")
