"""The location in the stack files that declares an endpoint or a service principal."""

from collections.abc import Callable, Mapping
from pathlib import Path

from model_serving.spec.diagnostics import Location
from model_serving.spec.files.yaml_locations import read

_SECTIONS: Mapping[str, str] = {
    "endpoint": "model-serving:endpoints",
    "service principal": "model-serving:service_principals",
}


def declared_in(stack: str, folder: Path) -> Callable[[str, str], Location | None]:
    """A function from a resource's kind and key to its location, None if no file declares it.

    A stack's own file counts before `base.yaml`: it is the one that its author edits.
    """
    files = (folder / f"Pulumi.{stack}.yaml", folder / "base.yaml")
    documents = [read(file).locations for file in files if file.exists()]

    def location(kind: str, key: str) -> Location | None:
        path = ("config", _SECTIONS.get(kind, ""), key)
        return next((locations[path] for locations in documents if path in locations), None)

    return location
