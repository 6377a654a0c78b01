"""The version of an alias that the caller of a preview may not read: the one that is deployed."""

import pytest

from model_serving.components.engine.state import State, _resource
from model_serving.components.preflight.stack_preflight import _deployed_versions
from model_serving.databricks.resource_types import MODEL_SERVING

ENTITIES = [
    {"name": "champion", "entityName": "main.ml.fraud", "entityVersion": "7"},
    {"name": "challenger", "entityName": "main.ml.fraud", "entityVersion": "8"},
    {"name": "features", "entityName": "main.ml.user_features"},
]
STATE = State(
    (
        _resource(
            "urn:pulumi:s::p::t::fraud", {"type": MODEL_SERVING, "outputs": {"config": {"servedEntities": ENTITIES}}}
        ),
    )
)


@pytest.mark.parametrize(
    ("alias", "endpoint", "entity", "version"),
    [
        ("main.ml.fraud@Champion", "fraud", "champion", "7"),
        ("main.ml.fraud@Next", "fraud", "challenger", "8"),
        ("main.ml.fraud@Champion", "fraud", "shadow", None),
        ("main.ml.fraud@Champion", "other", "champion", None),
        ("main.ml.other@Champion", "fraud", "champion", None),
        ("main.ml.user_features@Champion", "fraud", "features", None),
    ],
)
def test_the_deployed_version_stands_for_the_alias(alias: str, endpoint: str, entity: str, version: str | None) -> None:
    place = ("endpoints", endpoint, "served_entities", entity, "entity")
    resources: dict[tuple[str | int, ...], str] = {("endpoints", key): key for key in ("fraud", "other")}
    assert _deployed_versions({alias: place}, STATE, resources) == ({alias: version} if version else {})


def test_a_predecessor_has_the_versions_of_its_resource() -> None:
    path: tuple[str | int, ...] = ("endpoints", "scorer", "predecessor")
    place = (*path, "served_entities", "champion", "entity")
    resources: dict[tuple[str | int, ...], str] = {("endpoints", "scorer"): "scorer/scorer-2", path: "fraud"}
    assert _deployed_versions({"main.ml.fraud@Champion": place}, STATE, resources) == {"main.ml.fraud@Champion": "7"}
