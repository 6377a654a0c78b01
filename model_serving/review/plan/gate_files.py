"""The files that a stack's rollouts are judged by: what their gates run, and the requests that they send.

They decide whether a deployment goes on, so the digest of a review covers them, in whatever folder they are. What such
a program imports or reads is covered where the other deciding files have it.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.listing import BASE, stack_file
from model_serving.spec.files.yaml_locations import read

_ENDPOINTS: Final = f"{NAMESPACE}endpoints"


def gate_files(folder: Path, stack: str) -> frozenset[str]:
    """Those that exist in the project's folder, by their paths in it. Empty without a rollout in the stack's files."""
    files = (folder / stack_file(stack), folder / "stacks" / BASE)
    endpoints = [each for file in files if file.is_file() for each in _endpoints(read(file).data)]
    if not any("rollout" in each for each in endpoints):
        return frozenset()
    root = folder.resolve()
    found = ((folder / name).resolve() for each in endpoints for name in _named(each))
    return frozenset(file.relative_to(root).as_posix() for file in found if file.is_relative_to(root) and _exists(file))


def _exists(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        return False  # a text that no file can be called, such as a script for `sh -c`


def _endpoints(data: Any) -> list[Mapping[str, Any]]:
    found = _map(_map(_map(data).get(CONFIG)).get(_ENDPOINTS))
    return [each for each in found.values() if isinstance(each, Mapping)]


def _named(endpoint: Mapping[str, Any]) -> Iterator[str]:
    """The texts that may name a file: words of the command in the project's folder, requests beside the stack files."""
    gate = _map(_map(endpoint.get("rollout")).get("gate"))
    yield from (word for word in _list(gate.get("command")) if isinstance(word, str) and "\0" not in word)
    requests = [
        _map(gate.get("shadow")).get("requests"),
        *(_map(each).get("file") for each in _list(endpoint.get("smoke"))),
    ]
    yield from (f"stacks/{file}" for file in requests if isinstance(file, str) and "\0" not in file)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
