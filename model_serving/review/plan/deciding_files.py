"""The files that decide what `up` does, with a hash of each: the same in a git checkout and in a folder without git."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import model_serving
from model_serving.review.plan.gate_files import gate_files
from model_serving.spec.files.listing import stack_file
from model_serving.spec.files.yaml_locations import read

_AT_THE_TOP: Final = re.compile(
    r"Pulumi\.yaml|.+\.py|.+\.lock|pyproject\.toml|setup\.cfg|Pipfile|requirements[\w.-]*\.(txt|in)"
)
"""The files at the top that a program and its environment consist of; the others may be reports of a run."""
_STACKS: Final = "stacks"
_BASE: Final = "stacks/base.yaml"
_SALT: Final = "encryptionsalt"
"""Pulumi adds it to a stack's file at the first preview. It decides nothing: another one decrypts no secret."""
_SALT_LINE: Final = re.compile(rb"encryptionsalt: v\d+:[\w+/=:-]+\r?\n?", re.ASCII)
"""How Pulumi writes it, and nothing beside it on the line."""
_OTHER_BREAKS: Final = tuple(each.encode() for each in "\x85\u2028\u2029")
"""Line breaks to YAML and not to Python: with one of them, lines are not counted alike."""
_OTHER_FOLDERS: Final = frozenset(
    {
        *("docs", "tests", "bench", "demo", "examples", "workspace", "toolchain"),
        *("build", "dist", "node_modules", "venv", "env"),
    }
)
"""Folders at the top that no preview or deployment reads."""
_SKIPPED: Final = re.compile(r"__pycache__|.+\.egg-info|.+\.py[co]|.+\.md|\..+")
"""Files and folders, in any folder, that hold no code or are written by tools."""


def deciding_files(folder: Path, stack: str, packs: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each file, by its path in the project's folder, with slashes.

    The library and policy packs that are installed elsewhere are listed as `model_serving/...`, or
    `installed-model_serving/...` where the project has a folder of that name, and `pack-NAME/...`.
    """
    hashes = {name: _stack_content(folder / name) for name in (_BASE, stack_file(stack)) if (folder / name).is_file()}
    for entry in os.scandir(folder):
        if _SKIPPED.fullmatch(entry.name) or entry.name == _STACKS:
            continue
        if not entry.is_dir():
            if _AT_THE_TOP.fullmatch(entry.name):
                hashes[entry.name] = _content(Path(entry.path))
        elif entry.name not in _OTHER_FOLDERS:
            hashes.update(_below(Path(entry.path), entry.name))
    hashes.update((name, _content(folder / name)) for name in gate_files(folder, stack) if name not in hashes)
    library = Path(model_serving.__file__).resolve().parent
    name = f"installed-{library.name}" if (folder / library.name).is_dir() else library.name
    elsewhere = [(library, name), *((folder / pack, f"pack-{Path(pack).name}") for pack in packs)]
    for path, label in elsewhere:  # one that is inside of the folder was listed above
        if not path.resolve().is_relative_to(folder.resolve()) and not (path != library and _is_in(path, library)):
            hashes.update(_below(path, label, follow=True))
    return {file: content for file, content in hashes.items() if not file.startswith(f"{name}/workspace/")}


def _is_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder)


def _below(folder: Path, name: str, *, follow: bool = False) -> Iterator[tuple[str, str]]:
    """Each file below a folder, under that name. Of a link to a folder the link counts, unless links are followed."""
    for entry in os.scandir(folder):
        below = str(PurePosixPath(name) / entry.name)
        if _SKIPPED.fullmatch(entry.name):
            continue
        if entry.is_symlink() and entry.is_dir() and not follow:
            yield below, hashlib.sha256(f"link to {Path(entry.path).readlink()}".encode()).hexdigest()
        elif entry.is_dir():
            yield from _below(Path(entry.path), below, follow=follow)
        elif entry.is_file():
            yield below, _content(Path(entry.path))


def _content(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _stack_content(file: Path) -> str:
    """The hash of a stack file without its salt: only the line that YAML reads as that key, not one that looks so."""
    content = file.read_bytes()
    lines = content.splitlines(keepends=True)
    place = None if any(each in content for each in _OTHER_BREAKS) else read(file).locations.get((_SALT,))
    if place and _SALT_LINE.fullmatch(lines[place.line - 1]):
        del lines[place.line - 1]
    return hashlib.sha256(b"".join(lines)).hexdigest()
