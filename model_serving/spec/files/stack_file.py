"""A stack file's outer shape, which is Pulumi's, and the part of it that is ours.

`config: {model-serving:endpoints: ...}` becomes `endpoints`. What nobody would read is a fault, never passed over.
"""

from typing import Any, Final

from model_serving.spec.diagnostics import Fault, Place
from model_serving.spec.field_path import CONFIG, NAMESPACE, PROJECT, FieldPath, dotted, own_path
from model_serving.spec.files.yaml_locations import Document
from model_serving.spec.validation.messages import shown
from model_serving.spec.validation.suggestions import closest, suggestion
from model_serving.spec.vocabulary.stack import Stack

PULUMI_KEYS: Final = (CONFIG, "encryptionsalt", "encryptedkey", "secretsprovider", "environment")
"""What a stack file may hold. Source: Pulumi's ProjectStack (sdk/go/common/workspace/project.go)."""

_SHAPE: Final = "It begins with `config:` and holds `model-serving:endpoints:` under it"


def base_settings(document: Document) -> Document:
    """Our settings of base.yaml. Pulumi never sees that file, so what is not ours in it would be lost."""
    for key in _config(document):
        if key == f"{NAMESPACE}waivers":
            message = "a waiver in base.yaml counts for no stack: the policy pack reads each stack's own file"
            _fault(document, (CONFIG, key), message, "Write it in the file of the stack that it is for")
        if key == f"{NAMESPACE}endpoints":
            _refuse_replacements(document, key)
        if not _is_or_should_be_ours(key):
            message = f'"{key}" in base.yaml is lost: Pulumi, whose setting it is, never reads this file'
            _fault(document, (CONFIG, key), message, "Write it in the own file of each stack, Pulumi.<stack>.yaml")
    return _settings(document, (CONFIG,))


def _refuse_replacements(document: Document, endpoints: str) -> None:
    """An endpoint's id belongs to one stack, and the policy pack reads each stack's own file only."""
    declared = _config(document)[endpoints]
    for key, endpoint in declared.items() if isinstance(declared, dict) else ():
        if isinstance(endpoint, dict) and "replace_id" in endpoint:
            message = "the id of a live endpoint belongs to one stack, and base.yaml to all"
            hint = "Write it in the own file of that stack, Pulumi.<stack>.yaml"
            _fault(document, (CONFIG, endpoints, key, "replace_id"), message, hint)


def stack_settings(document: Document) -> Document:
    """Our settings of a stack's own file."""
    return _settings(document, PULUMI_KEYS)


def _settings(document: Document, allowed: tuple[str, ...]) -> Document:
    """Our settings, or an unreadable document where nobody can tell them."""
    start = document.places.get((CONFIG,), Place(document.file))
    if document.faults and not document.readable:
        return document
    if not document.readable:
        _fault(document, (), f"a stack file is a map; found {shown(document.data)}", _SHAPE)
        return document
    _refuse_strangers(document, allowed)
    config = document.data.get(CONFIG)
    if config is not None and not isinstance(config, dict):
        _fault(document, (CONFIG,), f"must be a map of settings; found {shown(config)}", _SHAPE)
        return Document(document.file, None, {(): start}, document.faults)
    ours = Document(document.file, {}, {(): start}, document.faults)
    for key, value in _config(document).items():
        if key.startswith(NAMESPACE):
            ours.data[key.removeprefix(NAMESPACE)] = value
        elif _is_or_should_be_ours(key):
            name = key.rpartition(":")[2]
            meant = NAMESPACE + (closest(name, Stack.model_fields) or name)
            message = f'"{key}" is not in the namespace of this project, "{PROJECT}"'
            _fault(document, (CONFIG, key), message, f'Did you mean "{meant}"?')
    ours.places |= {own: place for path, place in document.places.items() if (own := own_path(path))}
    for path in _in_another_place(document):
        _judge_too(ours, document, path)
    return ours


def _in_another_place(document: Document) -> list[FieldPath]:
    """Settings in another namespace, or beside `config:`: faults already."""
    return [(CONFIG, key) for key in _config(document) if not key.startswith(NAMESPACE)] + [
        (key,) for key in document.data if key != CONFIG
    ]


def _judge_too(ours: Document, document: Document, path: FieldPath) -> None:
    """Take a setting for the one that it should be, so that what is wrong within it is found with the rest."""
    key = str(path[-1])
    name = key.rpartition(":")[2]
    if not _is_or_should_be_ours(key) or name not in Stack.model_fields or name in ours.data:
        return
    ours.data[name] = _config(document)[key] if path[0] == CONFIG else document.data[key]
    for there, place in document.places.items():
        if there[: len(path)] == path:
            ours.places.setdefault((name, *there[len(path) :]), place)


def _config(document: Document) -> dict[str, Any]:
    config = document.data.get(CONFIG) if document.readable else None
    return config if isinstance(config, dict) else {}


def _refuse_strangers(document: Document, allowed: tuple[str, ...]) -> None:
    """What stands beside `config:` and has no meaning there."""
    for key in document.data:
        if key not in allowed:
            ours = key.startswith(NAMESPACE) or key in Stack.model_fields
            hint = "It belongs under `config:`" if ours else suggestion(key, allowed, "Known keys here")
            _fault(document, (key,), f'unknown key "{key}"', hint)


def _is_or_should_be_ours(key: str) -> bool:
    """Ours, misspelt, or without a namespace, which Pulumi takes for its project's own."""
    namespace, colon, name = key.partition(":")
    alike = 0.6 if name in Stack.model_fields else 0.85
    return not colon or closest(namespace, [PROJECT], alike=alike) is not None


def _fault(document: Document, path: FieldPath, message: str, hint: str) -> None:
    place = document.places.get(path, Place(document.file))
    document.faults.append(Fault(place, dotted(path), message, hint))
