"""A stack that uses the whole vocabulary, and what happens when any part of it is wrong."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from stacks import SpecError, Stack, load_stack
from stacks.model import Model
from stacks.paths import FieldPath, dotted, own_path
from stacks.vocabulary import keys
from stacks.yaml_text import Loader

EVERYTHING = Path(__file__).parent / "everything.yaml"
DATA: Any = yaml.load(EVERYTHING.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506  a subclass of SafeLoader
REPLACEMENTS: list[Any] = [None, "x y", -7, True, {}, [None], {"": None}, {"a b": {"c": 1}}]


class Files(Protocol):
    """See conftest.py."""

    folder: Path

    def write(self, own: str | bytes, base: str | bytes | None = None) -> "Files": ...
    def load(self) -> Stack: ...


def written_fields(value: Any) -> Iterator[str]:
    """`Model.field` for each field that has a value of its own somewhere."""
    if isinstance(value, Model):
        for name in value.model_fields_set:
            yield f"{type(value).__name__}.{name}"
            yield from written_fields(getattr(value, name))
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from written_fields(child)


def all_fields() -> set[str]:
    """The same for every model of the vocabulary."""
    models = {Stack, *(each for each in Model.__subclasses__() if each.__module__.startswith("stacks."))}
    return {f"{each.__name__}.{name}" for each in models for name in each.model_fields}


def paths(value: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(child, (*path, key))


def at(path: FieldPath) -> Any:
    inner = DATA
    for part in path:
        inner = inner[part]
    return inner


def ids(path: FieldPath) -> str:
    return "/".join(map(str, path[1:]))


def replaced(path: FieldPath, value: Any) -> Any:
    data = copy.deepcopy(DATA)
    inner = data
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return data


def test_the_whole_vocabulary_can_be_written(files: Files) -> None:
    stack = files.write(EVERYTHING.read_text(encoding="utf-8")).load()
    assert set(written_fields(stack)) == all_fields()


PLACES = [path for path in paths(DATA) if path and (own_path(path) or len(path) < 3)]


@pytest.mark.parametrize("path", PLACES, ids=ids)
def test_whatever_stands_anywhere_is_taken_or_told_and_never_crashes(files: Files, path: FieldPath) -> None:
    for replacement in REPLACEMENTS:
        files.write(json.dumps(replaced(path, replacement)))
        try:
            load_stack("dev", files.folder)
        except SpecError as refused:
            for fault in refused.faults:
                assert fault.message
                assert fault.hint, str(fault)
                assert fault.place.file == "stacks/Pulumi.dev.yaml"


MAPS = [path for path in PLACES if (own := own_path(path)) and keys(own) and isinstance(at(path), dict)]


@pytest.mark.parametrize("path", MAPS, ids=ids)
def test_an_unknown_key_anywhere_is_told_alone_and_with_its_path(files: Files, path: FieldPath) -> None:
    data = replaced(path, {**at(path), "colour": "red"})
    files.write(json.dumps(data))
    with pytest.raises(SpecError) as refused:
        load_stack("dev", files.folder)
    assert [(fault.path, fault.message) for fault in refused.value.faults] == [
        (f"{dotted(path)}.colour", 'unknown key "colour"')
    ]
