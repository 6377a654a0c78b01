"""A stack's files, read, merged and checked as a whole, with every mistake found at once."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stacks.faults import Fault, Place, SpecError, relative
from stacks.merge import Merged, merge
from stacks.rules import findings
from stacks.spec import Stack
from stacks.yaml_places import Document, Path_, dotted, read

PROJECT = "model-serving"
"""The project's name in Pulumi.yaml, which is the namespace of its keys in a stack file."""

BASE = "base.yaml"


def load_stack(name: str, folder: Path) -> Stack:
    """The checked spec of stack `name`: `base.yaml` of the folder with `Pulumi.<name>.yaml` laid over it.

    Raises SpecError with every fault of both files; nothing is registered before this returns.
    """
    own = folder / f"Pulumi.{name}.yaml"
    if not own.exists():
        written = ", ".join(sorted(file.stem.removeprefix("Pulumi.") for file in folder.glob("Pulumi.*.yaml")))
        message = f'stack "{name}" has no stack file'
        raise SpecError([Fault(Place(relative(own)), "", message, f"Write one, or choose a stack that has: {written}")])
    base = folder / BASE
    documents = [read(file) for file in (base, own) if file.exists()]
    merged = merge([_own_keys(document) for document in documents])
    faults = [fault for document in documents for fault in document.faults]
    try:
        stack = Stack.model_validate(merged.data)
    except ValidationError as error:
        faults += [_fault(detail, merged) for detail in error.errors(include_url=False)]
        raise SpecError(faults) from None
    faults += [Fault(merged.place(path), dotted(path), *found) for path, *found in findings(stack)]
    if faults:
        raise SpecError(faults)
    return stack


def _own_keys(document: Document) -> Document:
    """The part of a stack file that is ours: `config: {model-serving:endpoints: ...}` becomes `endpoints`."""
    config = document.data.get("config") if isinstance(document.data, dict) else None
    start = document.places.get(("config",), Place(document.file))
    ours = Document(document.file, {}, {(): start}, document.faults)
    if document.data is not None and not isinstance(document.data, dict):
        document.faults.append(Fault(Place(document.file), "", "a stack file is a map; found something else", _SHAPE))
    if config is not None and not isinstance(config, Mapping):
        document.faults.append(Fault(start, "config", "is a map of settings; found something else", _SHAPE))
        return ours
    prefix = f"{PROJECT}:"
    for key, value in (config or {}).items():
        if key.startswith(prefix):
            ours.data[key.removeprefix(prefix)] = value
    for path, place in document.places.items():
        if len(path) > 1 and path[0] == "config" and str(path[1]).startswith(prefix):
            ours.places[(str(path[1]).removeprefix(prefix), *path[2:])] = place
    return ours


_SHAPE = "It begins with `config:` and holds `model-serving:endpoints:` under it"


def _fault(detail: ErrorDetails, merged: Merged) -> Fault:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    hint = ""
    message = detail["msg"]
    match detail["type"]:
        case "extra_forbidden":
            allowed = _fields(path[:-1])
            message = f'unknown key "{path[-1]}"'
            close = difflib.get_close_matches(str(path[-1]), allowed, n=1, cutoff=0.5)
            hint = f'Did you mean "{close[0]}"?' if close else f"Known keys here: {', '.join(allowed)}"
        case "model_type" | "dict_type":
            message = f"must be a map; found {_shown(detail['input'])}"
        case "list_type":
            message = f"must be a list; found {_shown(detail['input'])}"
        case "missing":
            message = "is required and missing"
        case "literal_error":
            message = f"{_shown(detail['input'])} is not one of {detail['ctx']['expected']}"
        case "string_pattern_mismatch":
            message = f"{_shown(detail['input'])} does not have the form that is wanted: {detail['ctx']['pattern']}"
        case _:
            message = f"{message[0].lower()}{message[1:]}; found {_shown(detail['input'])}"
    return Fault(merged.place(path), dotted(path), message, hint)


def _shown(value: Any) -> str:
    """A found value, short. A whole map or list is named, not printed."""
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= 80 else f"{text[:76]}..."  # noqa: PLR2004


def _fields(path: Path_) -> list[str]:
    """The keys that the map at this path may have."""
    annotation: Any = Stack
    for part in path:
        model = _model(annotation)
        if model is None:
            annotation = get_args(annotation)[-1]
        elif str(part) in model.model_fields:
            annotation = _present(model.model_fields[str(part)].annotation)
        else:
            return []
    model = _model(annotation)
    return list(model.model_fields) if model else []


def _model(annotation: Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _present(annotation: Any) -> Any:
    """The type itself of `T | None`."""
    if isinstance(annotation, UnionType):
        return next(argument for argument in get_args(annotation) if argument is not type(None))
    return annotation
