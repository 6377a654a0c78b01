"""The keys that the files of a stack have in one section, whatever they are set to."""

from pathlib import Path

from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.listing import BASE, stack_file
from model_serving.spec.files.yaml_locations import read


def section_keys(folder: Path, stack: str, section: str) -> frozenset[str]:
    """The keys under `endpoints`, for example, in the stack's own file and in base.yaml; with those set to null."""
    found: set[str] = set()
    for file in (folder / stack_file(stack), folder / "stacks" / BASE):
        data = read(file).data if file.exists() else None
        config = data.get(CONFIG) if isinstance(data, dict) else None
        declared = config.get(f"{NAMESPACE}{section}") if isinstance(config, dict) else None
        found |= set(map(str, declared)) if isinstance(declared, dict) else set()
    return frozenset(found)
