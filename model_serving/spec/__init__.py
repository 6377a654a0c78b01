"""Reads and validates stack files: one for each environment, over `base.yaml`."""

from model_serving.spec.diagnostics import Diagnostic, Location, SpecError
from model_serving.spec.files.secrets import Secret, is_secret
from model_serving.spec.load import LoadedStack, load, load_stack
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
