"""The location in the stack files that declares an endpoint, a service principal, or a field of one."""

from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

from model_serving.spec.diagnostics import Location
from model_serving.spec.files.yaml_locations import read
from model_serving.spec.succession import PREDECESSOR

_SECTIONS: Mapping[str, str] = {
    "endpoint": "model-serving:endpoints",
    PREDECESSOR: "model-serving:endpoints",
    "successor": "model-serving:endpoints",
    "service principal": "model-serving:service_principals",
    "secret scope": "model-serving:secret_scopes",
}


def declared_in(stack: str, folder: Path) -> Callable[..., Location | None]:
    """A function from a resource's kind and key, and a field of it, to the location; None if no file declares it.

    Of a field that no file has, such as a removed one, the location is that of the nearest key around it. A stack's own
    file counts before `base.yaml`: it is the one that its author edits. A field that a predecessor takes from its
    endpoint is there.
    """
    files = (folder / f"Pulumi.{stack}.yaml", folder / "base.yaml")
    documents = [read(file).locations for file in files if file.exists()]

    def location(kind: str, key: str, field: tuple[str, ...] = ()) -> Location | None:
        own = ("config", _SECTIONS.get(kind, ""), key)
        starts = [(*own, PREDECESSOR), own] if kind == PREDECESSOR else [own]
        below = tuple(int(part) if part.isdigit() else part for part in field)
        for paths in ((field[:n], below[:n]) for n in range(len(field), -1, -1)):
            for start, locations in product(starts, documents):
                for path in paths:
                    if found := locations.get((*start, *path)):
                        return found
        return None

    return location
