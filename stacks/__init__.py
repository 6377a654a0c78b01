"""Stack files: one for each environment, over `base.yaml`. This package is what reads and checks them."""

from stacks.faults import Fault, Place, SpecError
from stacks.load import load_stack, located
from stacks.rules import endpoint_name
from stacks.secrets import Secret, is_secret
from stacks.spec import Endpoint, Permission, ServedEntity, ServicePrincipal, Stack

__all__ = [
    "Endpoint",
    "Fault",
    "Permission",
    "Place",
    "Secret",
    "ServedEntity",
    "ServicePrincipal",
    "SpecError",
    "Stack",
    "endpoint_name",
    "is_secret",
    "load_stack",
    "located",
]
