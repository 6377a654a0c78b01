"""The change of a stack's own file after which an endpoint is declared as wanted, and everything else as before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from model_serving.delivery.edited_copy import edited_copy
from model_serving.delivery.file_text import file_text
from model_serving.delivery.patch import unified_diff
from model_serving.delivery.yaml_edit import with_entries, with_value, without_key
from model_serving.errors import UserError
from model_serving.spec import SpecError, load_stack
from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.listing import BASE, stack_file
from model_serving.spec.files.overlay import merge
from model_serving.spec.files.stack_file import base_settings, stack_settings
from model_serving.spec.files.yaml_locations import read

_ENDPOINTS: Final = (CONFIG, f"{NAMESPACE}endpoints")
Data = dict[str, Any]
"""Values as they are written in stack files."""


@dataclass(frozen=True)
class FileChange:
    """A stack's own file with its new text."""

    file: str
    """Its path in the project's folder."""
    text: str
    patch: str
    """Empty where nothing changes."""


@dataclass(frozen=True)
class WrittenEndpoint:
    """An endpoint as the files of a stack have it."""

    key: str
    merged: Data
    """Of both files: the stack's own over base.yaml."""
    base: Data
    """Of base.yaml alone; empty where it has none."""

    @property
    def is_in_base(self) -> bool:
        """Whether base.yaml has a part of it."""
        return bool(self.base)


def written_endpoint(stack: str, folder: Path, key: str) -> WrittenEndpoint:
    """The endpoint of that key, which the files of the stack declare."""
    base = folder / "stacks" / BASE
    shared = base_settings(read(base)).data if base.exists() else {}
    below = (shared.get("endpoints") or {}).get(key)
    return WrittenEndpoint(key, _merged(stack, folder)["endpoints"][key], below if isinstance(below, dict) else {})


def endpoint_change(stack: str, folder: Path, now: WrittenEndpoint, wanted: Data) -> FileChange:
    """The change of the stack's own file that declares the endpoint as wanted. Nothing is written.

    Raises UserError where the wanted values are invalid, or where the change can't be made without changing more.
    """
    file = stack_file(stack)
    text = before = file_text(folder / file)
    try:
        added: Data = {}
        for path, value in _edits(now.merged, wanted, now.base):
            place = (*_ENDPOINTS, now.key, *path)
            if len(path) == 1 and path[0] not in now.merged and path[0] not in now.base:
                added[path[0]] = value
            else:
                text = without_key(text, place) if value is _REMOVED else with_value(text, place, value)
        text = with_entries(text, (*_ENDPOINTS, now.key), added) if added else text
        _require_exact(stack, folder, text, now.key, wanted)
    except (yaml.YAMLError, _MoreChangesError):
        raise UserError(_by_hand(stack, now.key, wanted)) from None
    return FileChange(file, text, unified_diff(file, before, text))


_REMOVED: Final = object()


class _MoreChangesError(Exception):
    """The edited files declare something else than what is wanted."""


def _edits(now: Data, wanted: Data, base: Data) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The paths whose values change, with what is written there. `null` removes a value of base.yaml."""
    for name in now:
        if name not in wanted:
            yield (name,), None if name in base else _REMOVED
    for name, value in wanted.items():
        if name in now and now[name] == value:
            continue
        if isinstance(value, dict) and isinstance(now.get(name), dict):
            below = base.get(name)
            for path, inner in _edits(now[name], value, below if isinstance(below, dict) else {}):
                yield (name, *path), inner
        else:
            yield (name,), value


def _require_exact(stack: str, folder: Path, text: str, key: str, wanted: Data) -> None:
    """Raise UserError unless the files, with the text as the stack's own one, declare what is wanted and no more."""
    expected = _merged(stack, folder)
    expected["endpoints"] = {**expected["endpoints"], key: wanted}
    with edited_copy(folder, {stack_file(stack): text}) as copy:
        if _merged(stack, copy) != expected:
            raise _MoreChangesError
        try:
            load_stack(stack, copy / "stacks")
        except SpecError as error:
            found = str(error).replace(f"{copy}/", "")
            raise UserError(f"The change is not valid, so nothing was written. With it:\n{found}") from None


def _merged(stack: str, folder: Path) -> Data:
    """The settings of both files, as they are written."""
    base = folder / "stacks" / BASE
    documents = [base_settings(read(base))] if base.exists() else []
    documents.append(stack_settings(read(folder / stack_file(stack))))
    if not all(each.readable for each in documents):
        raise _MoreChangesError
    return merge(documents).data


def _by_hand(stack: str, key: str, wanted: Mapping[str, Any]) -> str:
    lines = with_value("", (*_ENDPOINTS, key), dict(wanted))
    return (
        f"{stack_file(stack)} can't be changed without changing more, because of anchors or merge keys (<<). Edit it by"
        f" hand, so that it declares:\n{lines}"
    )
