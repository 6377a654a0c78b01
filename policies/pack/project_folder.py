"""The folder of the project that the engine runs: the pack reads `base.yaml` there.

The engine passes a pack the project's name and the stack's configuration, and starts it in the pack's own folder. Its
own working folder, which `pulumi -C` changes, is that of the project or below (seen with 3.220 and 3.260: the pack is a
child of `pulumi`, or of a language host in the same folder).
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

VARIABLE: Final = "MODEL_SERVING_PROJECT"
"""Names the project's folder where it can't be found: without /proc, for a pack that is installed elsewhere."""

_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
_ANCESTORS: Final = 4
"""How many processes above this one are asked for their working folder: shell, language host and `pulumi`."""


@dataclass(frozen=True)
class ProjectFolder:
    """The folder of a project, and that of its stack files (`stackConfigDir`), which may be the same."""

    root: Path
    stack_files: Path


def find_project(project: str) -> ProjectFolder | None:
    """The folder of the project of that name, None if it can't be found."""
    for start in _candidates():
        for folder in (start, *start.parents):
            file = next((folder / name for name in _PROJECT_FILES if (folder / name).is_file()), None)
            if file:
                settings = _settings(file)
                if settings.get("name") == project:
                    return ProjectFolder(folder, folder / str(settings.get("stackConfigDir") or ""))
                break  # another project, such as the one that the pack's own folder belongs to
    return None


def _candidates() -> Iterator[Path]:
    """Folders in or below which the engine may run, the most reliable first."""
    if given := os.environ.get(VARIABLE):
        yield Path(given).resolve()
    yield from working_folders()
    if working := os.environ.get("PWD"):
        yield Path(working)
    yield Path(__file__).resolve().parents[2]


def working_folders() -> Iterator[Path]:
    """The working folders of the processes that started this one, on Linux."""
    process = os.getppid()
    with suppress(OSError, ValueError, IndexError):
        for _ in range(_ANCESTORS):
            yield Path(f"/proc/{process}/cwd").readlink()
            # The second field, a name in parentheses, may contain spaces.
            process = int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def _settings(file: Path) -> dict[str, object]:
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return settings if isinstance(settings, dict) else {}
