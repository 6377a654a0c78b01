"""Stack files in a folder: load them, or list what is wrong with them."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_serving.spec import SpecError, Stack, load_stack
from model_serving.spec.diagnostics import Diagnostic
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.pulumi_config import EngineConfig


@dataclass(frozen=True)
class StackFiles:
    """`Pulumi.dev.yaml` of a folder and, where there is one, the `base.yaml` that it is laid over."""

    folder: Path

    def write(self, own: str | bytes, base: str | bytes | None = None) -> "StackFiles":
        for name, text in (("Pulumi.dev.yaml", own), ("base.yaml", base)):
            if text is not None:
                (self.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return self

    def load(self, config: EngineConfig | None = None) -> Stack:
        return load_stack("dev", self.folder, config)

    def faults(self, config: EngineConfig | None = None) -> list[str]:
        """Every diagnostic as it is printed, with its hint; none for files that load."""
        return [str(diagnostic) for diagnostic in self.diagnostics(config)]

    def diagnostics(self, config: EngineConfig | None = None) -> list[Diagnostic]:
        try:
            self.load(config)
        except SpecError as refused:
            return refused.diagnostics
        return []


def replaced(data: Any, path: FieldPath, value: Any) -> Any:
    """A copy of a file's data with another value at that path."""
    result = copy.deepcopy(data)
    inner = result
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return result
