"""The aliases of models, by the version that they have now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from model_serving.components.preflight.privileges import UNITY_CATALOG
from model_serving.databricks.naming import is_in_unity_catalog

Aliases = dict[tuple[str, str], tuple[str, ...]]
"""By model and version. Models of the workspace registry have none."""


def models_of(answers: Iterable[Mapping[str, Any]]) -> list[str]:
    """The models of Unity Catalog that endpoints serve, without feature specs."""
    entities = (each for answer in answers for each in (answer.get("config") or {}).get("served_entities") or [])
    names = {str(each.get("entity_name")) for each in entities if each.get("entity_version")}
    return sorted(filter(is_in_unity_catalog, names))


def aliases_path(model: str) -> str:
    """The path of a model with its aliases. Source: REST reference, get a registered model."""
    return f"{UNITY_CATALOG}/models/{quote(model)}?include_aliases=true"


def aliases_in(answers: Sequence[Mapping[str, Any]]) -> Aliases:
    """The aliases of models, from the answers for the models."""
    found: Aliases = {}
    for answer in answers:
        for each in answer.get("aliases") or []:
            place = str(answer["full_name"]), str(each["version_num"])
            found[place] = (*found.get(place, ()), str(each["alias_name"]))
    return found
