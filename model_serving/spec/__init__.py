"""Reads and validates stack files: one for each environment, over `base.yaml`.

What is imported from here is loaded at its first use: the policy pack reads stack files too, and starts faster without
the vocabulary's models.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from model_serving.spec.diagnostics import Diagnostic, Location, SpecError
    from model_serving.spec.files.secrets import Secret, is_secret
    from model_serving.spec.loading import LoadedStack, load, load_stack
    from model_serving.spec.validation.stack_rules import endpoint_name
    from model_serving.spec.vocabulary.stack import Endpoint, Permission, ServedEntity, ServicePrincipal, Stack

__all__ = [
    "Diagnostic",
    "Endpoint",
    "LoadedStack",
    "Location",
    "Permission",
    "Secret",
    "ServedEntity",
    "ServicePrincipal",
    "SpecError",
    "Stack",
    "endpoint_name",
    "is_secret",
    "load",
    "load_stack",
]

_MODULES: Final = {
    "diagnostics": ("Diagnostic", "Location", "SpecError"),
    "files.secrets": ("Secret", "is_secret"),
    "loading": ("LoadedStack", "load", "load_stack"),
    "validation.stack_rules": ("endpoint_name",),
    "vocabulary.stack": ("Endpoint", "Permission", "ServedEntity", "ServicePrincipal", "Stack"),
}


def __getattr__(name: str) -> Any:
    """The public name, from its module."""
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
