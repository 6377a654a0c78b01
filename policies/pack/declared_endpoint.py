"""What the stack files declare for the endpoint of a resource: the endpoint of its key, or that one's predecessor.

Which of the two a resource is follows from its name in the workspace: the name of the resource is as old as the
endpoint, and they may have swapped their roles since.
"""

from collections.abc import Mapping
from typing import Any, Final

from model_serving.spec.endpoint_resources import key_of

PREDECESSOR: Final = "predecessor"


def key_in(stack_spec: Mapping[str, Any], resource: str) -> str:
    """The key of a resource of an endpoint; its own name where the stack files don't declare that key."""
    key = key_of(resource)
    return key if key in _map(stack_spec.get("endpoints")) else resource


def predecessor_in(stack_spec: Mapping[str, Any], key: str, name: Any) -> bool:
    """Whether the endpoint of this name in the workspace is the declared predecessor of a key."""
    spec = _map(_map(stack_spec.get("endpoints")).get(key))
    if PREDECESSOR not in spec:
        return False
    prefix = stack_spec.get("name_prefix") or ""
    return bool(name == f"{prefix}{_map(spec[PREDECESSOR]).get('name') or key}")


def declared_in_files(stack_spec: Mapping[str, Any], key: str, name: Any) -> Mapping[str, Any]:
    """The declaration of the endpoint of this key and this name, not validated; empty where there is none."""
    spec = _map(_map(stack_spec.get("endpoints")).get(key))
    if not predecessor_in(stack_spec, key, name):
        return spec
    # Loads the vocabulary's models: few stacks declare a predecessor, and the pack starts with every preview.
    from model_serving.spec.vocabulary.predecessor import whole_predecessor  # noqa: PLC0415

    return whole_predecessor(spec, _map(spec[PREDECESSOR]))


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
