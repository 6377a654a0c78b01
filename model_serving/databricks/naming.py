"""Names of fields in the provider's spelling (camelCase) and the API's (snake_case), and names in Unity Catalog."""

from collections.abc import Mapping
from typing import Any, Final

_PLURAL_IN_PULUMI: Final = {
    "on_update_success": "onUpdateSuccesses",
    "on_update_failure": "onUpdateFailures",
}
"""Pulumi's bridge gives lists a plural that the API doesn't have."""

_SINGULAR_IN_THE_API: Final = {provider: api for api, provider in _PLURAL_IN_PULUMI.items()}


def model_label(model: str, version: str | None) -> str:
    """A model with its version for people: `main.ml.fraud v7`. A feature spec has no version."""
    return f"{model} v{version}" if version else model


def snake_case(name: str) -> str:
    """`clientId` as `client_id`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def provider_name(name: str) -> str:
    """The provider's name of a field of the API: `on_update_success` is `onUpdateSuccesses`."""
    first, *others = name.split("_")
    return _PLURAL_IN_PULUMI.get(name) or first + "".join(word.capitalize() for word in others)


def api_name(name: str) -> str:
    """The API's name of a field of the provider: `onUpdateSuccesses` is `on_update_success`."""
    return _SINGULAR_IN_THE_API.get(name) or snake_case(name)


def api_form(value: Any) -> Any:
    """The same value with the API's names, without what the engine adds (`__defaults`).

    Whole numbers are integers: Pulumi's wire format has floats only.
    """
    if isinstance(value, Mapping):
        return {api_name(name): api_form(item) for name, item in value.items() if not name.startswith("__")}
    if isinstance(value, list):
        return [api_form(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_in_unity_catalog(name: str) -> bool:
    """Whether `name` is catalog.schema.name: models of the workspace registry have no catalog and no schema."""
    return name.count(".") == 2  # noqa: PLR2004
