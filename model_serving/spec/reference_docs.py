"""The vocabulary as tables of docs/stack-files.md: `make schema` writes them between their marks.

Each field is described by its description in the models, so the page has them all.
"""

import itertools
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic.fields import FieldInfo

from model_serving.spec.introspection import bare
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.quantities import Quantity
from model_serving.spec.vocabulary.stack import Stack

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "stack-files.md"

_BEGIN: Final = "<!-- fields: begin -->\n"
_END: Final = "<!-- fields: end -->"
_PLAIN: Final = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    Decimal: "number",
    date: "day",
    Any: "any value",
}


def tables() -> str:
    """A section for each model, containers first."""
    return "\n".join(_section(model) for model in models())


def with_tables(page: str) -> str:
    """The page with its tables as the models have them now."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}{tables()}{_END}{rest.partition(_END)[2]}"


def models() -> list[type[Model]]:
    """Every model of the vocabulary once, in the order of the fields that lead to it."""
    result: list[type[Model]] = [Stack]
    for model in result:  # grows during the iteration
        for field in model.model_fields.values():
            result += [each for each in _within(field.annotation) if each not in result]
    return result


def _within(annotation: Any) -> Iterator[type[Model]]:
    kind = bare(annotation)
    if isinstance(kind, type) and issubclass(kind, Model):
        yield kind
    elif get_origin(kind) in (dict, list):
        yield from _within(get_args(kind)[-1])


def _section(model: type[Model]) -> str:
    shared, owner = _shared_fields(model)
    rows = [_row(name, field) for name, field in model.model_fields.items() if name not in shared]
    also = [f"And these keys of {_link(owner)}: {', '.join(f'`{name}`' for name in shared)}.", ""] if owner else []
    head = ["| key | value | description |", "| --- | --- | --- |"]
    described = " ".join((model.__doc__ or "").split())
    return "\n".join([f"### {_title(model)}", "", described, "", *head, *rows, "", *also])


def _shared_fields(model: type[Model]) -> tuple[list[str], type[Model] | None]:
    """The fields that a model has from one base with an earlier model, which describes them; and that model."""
    for earlier in itertools.takewhile(lambda each: each is not model, models()):
        for base in model.__mro__[1:]:
            if issubclass(base, Model) and base.model_fields and issubclass(earlier, base):
                return list(base.model_fields), earlier
    return [], None


def _row(name: str, field: FieldInfo) -> str:
    value = _kind(field.annotation)
    if field.is_required():
        value += ", required"
    elif isinstance(field.default, bool | Quantity):
        value += f"; default `{str(field.default).lower()}`"
    elif isinstance(field.default, int | str) and field.default != "":
        value += f"; default `{field.default}`"
    return f"| `{name}` | {value} | {field.description} |"


def _kind(annotation: Any) -> str:
    kind = bare(annotation)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Quantity):
        return f"{kind.KIND}, as in {' or '.join(f'`{example}`' for example in kind.EXAMPLES)}"
    if isinstance(kind, type) and issubclass(kind, Model):
        return _link(kind)
    if get_origin(kind) is dict:
        return f"{_kind(get_args(kind)[1])}, by key"
    if get_origin(kind) is list:
        return f"list of {_kind(get_args(kind)[0])}"
    return ", ".join(f"`{word}`" for word in get_args(kind))


def _link(model: type[Model]) -> str:
    return f"[{_title(model)}](#{_title(model).lower().replace(' ', '-')})"


def _title(model: type[Model]) -> str:
    """`ServedEntity` as `Served entity`."""
    spaced = re.sub(r"(?<=[a-z])([A-Z])", lambda match: f" {match[1].lower()}", model.__name__)
    return re.sub(r"^Ai ", "AI ", spaced).replace("Git hub", "GitHub").replace("Git lab", "GitLab")


if __name__ == "__main__":
    FILE.write_text(with_tables(FILE.read_text(encoding="utf-8")), encoding="utf-8")
