"""The change of a stack's own file that takes the `adopt_id` lines out: they have no effect after the import."""

from pathlib import Path
from typing import Final

import yaml

from model_serving.delivery.adopt.stack_file import load_edited
from model_serving.delivery.file_text import file_text
from model_serving.delivery.patch import unified_diff
from model_serving.delivery.rollback.stack_file_change import StackFileChange
from model_serving.delivery.yaml_edit import without_key
from model_serving.errors import UserError
from model_serving.spec import Stack, load_stack
from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.listing import stack_file

FIELD: Final = "adopt_id"


def adopted_keys(stack: str, folder: Path) -> tuple[str, ...]:
    """The keys of the endpoints whose stack file has an `adopt_id`. Raises SpecError."""
    return tuple(key for key, each in load_stack(stack, folder / "stacks").endpoints.items() if each.adopt_id)


def without_adopt_ids(stack: str, folder: Path) -> StackFileChange:
    """The change that removes every `adopt_id` of the stack's own file. Nothing is written.

    Raises UserError where the files then would declare anything else.
    """
    file = stack_file(stack)
    old = text = file_text(folder / file)
    try:
        for key in _alone_or_in_flow_style(text):
            text = without_key(text, (CONFIG, f"{NAMESPACE}endpoints", key, FIELD))
        text = _without_lines(text)
        is_exact = text == old or _without_ids(load_edited(stack, folder, {file: text})) == _without_ids(
            load_stack(stack, folder / "stacks")
        )
    except (yaml.YAMLError, UserError):  # such as an anchor on the line that other lines refer to
        is_exact = False
    if not is_exact:
        raise UserError(f"The `adopt_id` lines of {file} have no effect any more: remove them by hand")
    return StackFileChange({file: text} if text != old else {}, unified_diff(file, old, text))


def _without_ids(spec: Stack) -> Stack:
    endpoints = {key: each.model_copy(update={FIELD: None}) for key, each in spec.endpoints.items()}
    return spec.model_copy(update={"endpoints": endpoints})


def _endpoints(text: str) -> list[tuple[str, yaml.MappingNode]]:
    node: yaml.Node | None = yaml.compose(text)
    for name in (CONFIG, f"{NAMESPACE}endpoints"):
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((child for key, child in pairs if key.value == name), None)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [(str(key.value), child) for key, child in pairs if isinstance(child, yaml.MappingNode)]


def _alone_or_in_flow_style(text: str) -> list[str]:
    """The keys of endpoints whose `adopt_id` has no line of its own, or no other line beside it.

    A key without any value would be null, which removes what base.yaml declares.
    """
    return [
        key
        for key, node in _endpoints(text)
        if (node.flow_style or len(node.value) == 1) and any(name.value == FIELD for name, _ in node.value)
    ]


def _without_lines(text: str) -> str:
    """The text without the lines of block maps, all at once: it is composed once, however many they are."""
    numbers = {
        number
        for _, node in _endpoints(text)
        for name, value in node.value
        if name.value == FIELD and not node.flow_style
        for number in range(name.start_mark.line, value.end_mark.line + 1)
    }
    return "".join(line for number, line in enumerate(text.splitlines(keepends=True)) if number not in numbers)
