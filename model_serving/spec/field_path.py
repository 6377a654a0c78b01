"""Where a value is among the values of a stack file, and how that is written for a person."""

from typing import Final

FieldPath = tuple[str | int, ...]
"""Keys of maps and positions in lists, from the outermost in."""

PROJECT: Final = "model-serving"
"""The project's name in Pulumi.yaml, which is the namespace of its keys in a stack file."""

NAMESPACE: Final = f"{PROJECT}:"
CONFIG: Final = "config"


def dotted(path: FieldPath) -> str:
    """`("endpoints", "fraud", "permissions", 0)` as `endpoints.fraud.permissions[0]`.

    A path that begins at the file's own root, with `config` and our namespace, reads the same.
    """
    text = ""
    for part in own_path(path) or path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def own_path(path: FieldPath) -> FieldPath | None:
    """A path from the file's root as one from our settings, or None where it leads elsewhere."""
    if len(path) > 1 and path[0] == CONFIG and str(path[1]).startswith(NAMESPACE):
        return (str(path[1]).removeprefix(NAMESPACE), *path[2:])
    return None
