"""The path of a value in a stack file, and its notation in messages."""

from typing import Final

FieldPath = tuple[str | int, ...]
"""Keys of maps and positions in lists, from the outermost in."""

PROJECT: Final = "model-serving"
"""The project's name in Pulumi.yaml, which is the namespace of its keys in a stack file."""

NAMESPACE: Final = f"{PROJECT}:"
CONFIG: Final = "config"


def dotted(path: FieldPath) -> str:
    """`("endpoints", "fraud", "permissions", 0)` as `endpoints.fraud.permissions[0]`.

    A path from the root of the file, with `config` and the namespace, gives the same.
    """
    text = ""
    for part in own_path(path) or path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def own_path(path: FieldPath) -> FieldPath | None:
    """A path from the root of the file as one within this project's settings, or None for any other path."""
    if len(path) > 1 and path[0] == CONFIG and str(path[1]).startswith(NAMESPACE):
        return (str(path[1]).removeprefix(NAMESPACE), *path[2:])
    return None
