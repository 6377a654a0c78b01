"""The resource names of endpoints in Pulumi, and the key of the stack file that each belongs to.

An endpoint's resource name is fixed when the endpoint is created: a name that moved would be a deletion. The first
endpoint of a key has the key as its name. A successor's name has its endpoint name after the key and a slash, which no
key contains. A child's name is that of its endpoint with a suffix, such as `-settings`.
"""

from typing import Final

SEPARATOR: Final = "/"
"""Between an endpoint's key and the name of a successor in a resource name. No key of an endpoint contains it."""

CHILD_SUFFIXES: Final = ("-settings", "-permissions", "-stop")
"""What follows an endpoint's resource name in those of the resources that write to it."""


def successor_resource(key: str, name: str) -> str:
    """The resource name of the successor that is created with this endpoint name, as written in the stack file."""
    return f"{key}{SEPARATOR}{name}"


def key_of(resource: str, suffix: str = "") -> str:
    """The endpoint's key in the stack file. `suffix` is that of the child whose resource name is given, if any."""
    return endpoint_resource(resource, suffix).partition(SEPARATOR)[0]


def endpoint_resource(resource: str, suffix: str = "") -> str:
    """The resource name of the endpoint itself, from its own or from that of a child with this suffix."""
    return resource.removesuffix(suffix)


def is_successor(resource: str) -> bool:
    """Whether the endpoint of this resource name was created as the successor of another."""
    return SEPARATOR in resource


def is_in_family(resource: str, key: str) -> bool:
    """Whether an endpoint of this resource name belongs to that key: the first one, or a successor."""
    return key_of(resource) == key
