"""The project's own modules, imported once by the server, for the processes whose files are those of the checkout.

A sandbox whose files were edited imports its own modules, all of them: one that was not edited may use one that was.
"""

import hashlib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType

PACKAGE = "model_serving"
WORKSPACE = f"{PACKAGE}.workspace"
"""Independent of the rest, and missing from a sandbox: its workspace runs in the checkout."""
LEFT_OUT = ("__main__", "reference_docs", "json_schema")
"""Modules that run as programs: what runs is not imported before."""


class CheckoutModules:
    """Gives this process the imported modules when it imports the package from a folder with the same files."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._files = {name: (file.stat(), _digest(file)) for name, file in _files(checkout)}
        for name in self._files:
            if name.endswith(".py") and not name.endswith(tuple(f"{each}.py" for each in LEFT_OUT)):
                importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        imported = [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
        self._modules: Mapping[str, ModuleType] = {name: sys.modules.pop(name) for name in imported}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package as Python would find it, already imported; None where its files are others."""
        if name != PACKAGE:
            return None
        sys.meta_path.remove(self)
        found = PathFinder.find_spec(name, path, target)
        if not found or not found.origin:
            return found
        folder = str(Path(found.origin).parents[1])
        same = {has_workspace: self._has_the_same_files(folder, has_workspace) for has_workspace in (False, True)}
        if not same[False]:
            return found
        for module, imported in self._modules.items():
            if same[_is_of_workspace(module)]:
                _move(imported, str(self._checkout), folder)
                sys.modules[module] = imported
        found.loader = _Imported(sys.modules.pop(PACKAGE))
        return found

    def _has_the_same_files(self, folder: str, of_workspace: bool) -> bool:
        for name, (here, digest) in self._files.items():
            if _is_of_workspace(name.replace("/", ".")) is not of_workspace:
                continue
            file = f"{folder}/{name}"
            try:
                there = os.stat(file)  # noqa: PTH116  each engine run asks for all files: pathlib takes ten times as long
            except OSError:
                return False
            same_time = (there.st_size, there.st_mtime_ns) == (here.st_size, here.st_mtime_ns)
            if not same_time and (there.st_size != here.st_size or _digest(Path(file)) != digest):
                return False
        return True


class _Imported(Loader):
    """Loads a module that was imported before."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002  the interface
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """It was executed when it was imported."""


def _files(checkout: Path) -> Iterator[tuple[str, Path]]:
    """Each file of the package by its name below the checkout. Some folders of the package are links."""
    folders = [PACKAGE]
    while folders:
        for file in sorted((checkout / folders.pop()).iterdir()):
            name = str(file.relative_to(checkout))
            if file.is_dir():
                folders += [name] if file.name != "__pycache__" else []
            else:
                yield name, file


def _is_of_workspace(name: str) -> bool:
    return f"{name}.".startswith(f"{WORKSPACE}.")


def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def _move(module: ModuleType, checkout: str, folder: str) -> None:
    """Let the module say that it was loaded from that folder."""
    spec = module.__spec__
    if folder == checkout or not spec or not spec.origin:
        return
    spec.origin = module.__file__ = file = folder + spec.origin.removeprefix(checkout)
    assert isinstance(spec.loader, SourceFileLoader), "The project's modules are Python files"
    spec.loader.path = file
    spec.cached = cache_from_source(file)
    if spec.submodule_search_locations is not None:
        spec.submodule_search_locations = module.__path__ = [file.removesuffix("/__init__.py")]
