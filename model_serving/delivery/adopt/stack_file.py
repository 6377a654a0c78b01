"""The change of a stack's own file that declares adopted endpoints: comments, order and other lines stay."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from model_serving.delivery.adopt.config_size import require_fitting
from model_serving.delivery.edited_copy import edited_copy
from model_serving.delivery.file_text import file_text
from model_serving.delivery.patch import unified_diff
from model_serving.delivery.rollback.stack_file_change import StackFileChange
from model_serving.delivery.yaml_edit import with_entries
from model_serving.errors import UserError
from model_serving.operations.adopt.entry import Adoption, Entry
from model_serving.operations.outputs import spec_name
from model_serving.spec import Endpoint, ServicePrincipal, SpecError, Stack, load_stack
from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.listing import stack_file

_SECTIONS: Final = ("endpoints", "service_principals")


def adoption_change(stack: str, folder: Path, adoption: Adoption) -> StackFileChange:
    """The change that declares the entries, each with its `adopt_id`, and their service principals.

    Nothing is written. Raises UserError where the files then would declare anything else, or more than a
    policy pack can get.
    """
    if not adoption.entries:
        return StackFileChange({}, "")
    stack = spec_name(stack)
    before, file = load_stack(stack, folder / "stacks"), stack_file(stack)
    written = {each.key: written_fields(each) for each in adoption.entries}
    principals = {key: dict(fields) for key, fields in adoption.service_principals.items()}
    old = text = file_text(folder / file)
    try:
        for section, entries in zip(_SECTIONS, (written, principals), strict=True):
            if entries:
                text = with_entries(text, (CONFIG, f"{NAMESPACE}{section}"), entries)
        is_exact = load_edited(stack, folder, {file: text}) == _expected(before, written, principals)
    except yaml.YAMLError:  # an anchor that other lines refer to is gone
        is_exact = False
    if not is_exact:
        raise UserError(
            f"{file} can't be changed without changing more, because of anchors, merge keys (<<) or keys that base.yaml"
            " has, too. Write the entries into it by hand: `--json` prints them"
        )
    require_fitting(text, file)
    return StackFileChange({file: text}, unified_diff(file, old, text))


def written_fields(entry: Entry) -> dict[str, Any]:
    """The fields of an entry with its `adopt_id`, which the next `up` needs and nobody reads: it comes first."""
    return {"adopt_id": entry.id, **entry.fields}


def load_edited(stack: str, folder: Path, change: Mapping[str, str]) -> Stack:
    """What the stack files declare with the change. Raises UserError."""
    with edited_copy(folder, change) as copy:
        try:
            return load_stack(stack, copy / "stacks")
        except SpecError as error:
            found = str(error).replace(f"{copy}/", "")
            raise UserError(f"The stack file would have errors with the adopted endpoints:\n{found}") from None


def _expected(
    before: Stack, endpoints: Mapping[str, Mapping[str, Any]], principals: Mapping[str, Mapping[str, Any]]
) -> Stack:
    added = {key: Endpoint.model_validate(fields) for key, fields in endpoints.items()}
    named = {key: ServicePrincipal.model_validate(fields) for key, fields in principals.items()}
    return before.model_copy(
        update={
            "endpoints": {**before.endpoints, **added},
            "service_principals": {**before.service_principals, **named},
        }
    )
