"""A stack that uses the whole vocabulary, and what happens when any part of it is wrong."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_serving.spec.field_path import FieldPath, dotted, own_path
from model_serving.spec.files.yaml_text import Loader
from model_serving.spec.introspection import keys
from model_serving.spec.reference_docs import models
from model_serving.spec.vocabulary.model import Model
from tests.support.stack_files import StackFiles, replaced

EVERYTHING = Path(__file__).parent / "everything.yaml"
DATA: Any = yaml.load(EVERYTHING.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506  a subclass of SafeLoader
DIAGNOSTIC = r"stacks/Pulumi\.dev\.yaml:\d+:\d+( \S.*)?: \S.*[^.]\n    \S.*[^.]"
"""Place, path, what is wrong, and on a line of its own the way out; no trailing full stop."""

REPLACEMENTS: list[Any] = [None, "x y", -7, True, {}, [None], {"": None}, {"a b": {"c": 1}}]


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
    return {f"{each.__name__}.{name}" for each in models() for name in each.model_fields}


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


def test_every_field_can_be_declared(files: StackFiles) -> None:
    stack = files.write(EVERYTHING.read_text(encoding="utf-8")).load()
    assert set(written_fields(stack)) == all_fields()


PLACES = [path for path in paths(DATA) if path and (own_path(path) or len(path) < 3)]


@pytest.mark.parametrize("path", PLACES, ids=ids)
def test_any_value_anywhere_never_crashes(files: StackFiles, path: FieldPath) -> None:
    for replacement in REPLACEMENTS:
        for fault in files.write(json.dumps(replaced(DATA, path, replacement))).faults():
            assert re.fullmatch(DIAGNOSTIC, fault), fault


MAPS = [path for path in PLACES if (own := own_path(path)) and keys(own) and isinstance(at(path), dict)]


@pytest.mark.parametrize("path", MAPS, ids=ids)
def test_unknown_key_is_reported_with_its_path(files: StackFiles, path: FieldPath) -> None:
    data = replaced(DATA, path, {**at(path), "colour": "red"})
    (fault,) = files.write(json.dumps(data)).faults()
    assert re.match(rf'stacks/Pulumi\.dev\.yaml:1:\d+ {re.escape(dotted(path))}\.colour: unknown key "colour"\n', fault)
