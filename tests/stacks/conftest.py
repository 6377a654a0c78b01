"""A folder of stack files of a test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks import SpecError, Stack, load_stack
from stacks.engine_config import EngineConfig

Load = Callable[..., Stack]


class Files:
    """The stack files of one test: `stacks/Pulumi.dev.yaml` over `stacks/base.yaml`, where there is one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, own: str | bytes, base: str | bytes | None = None) -> "Files":
        for name, text in (("Pulumi.dev.yaml", own), ("base.yaml", base)):
            if text is not None:
                (self.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return self

    def load(self, config: EngineConfig | None = None) -> Stack:
        return load_stack("dev", self.folder, config)

    def faults(self, config: EngineConfig | None = None) -> list[str]:
        """Every fault as it is told, hints and all."""
        with pytest.raises(SpecError) as refused:
            self.load(config)
        return [str(fault) for fault in refused.value.faults]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    (tmp_path / "stacks").mkdir()
    monkeypatch.chdir(tmp_path)
    return Files(tmp_path / "stacks")
