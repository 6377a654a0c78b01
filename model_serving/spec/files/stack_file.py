"""The outer shape of a stack file, which is Pulumi's, and this project's settings in it.

`config: {model-serving:endpoints: ...}` becomes `endpoints`. A key that nothing reads is an error.
"""

from typing import Any, Final

from model_serving.spec.diagnostics import Diagnostic, Location
from model_serving.spec.field_path import CONFIG, NAMESPACE, PROJECT, FieldPath, dotted, own_path
from model_serving.spec.files.yaml_locations import Document
from model_serving.spec.validation.messages import describe
from model_serving.spec.validation.suggestions import closest, suggestion
from model_serving.spec.vocabulary.stack import Stack

PULUMI_KEYS: Final = (CONFIG, "encryptionsalt", "encryptedkey", "secretsprovider", "environment")
"""What a stack file may hold. Source: Pulumi's ProjectStack (sdk/go/common/workspace/project.go)."""

_ENDPOINT_IDS: Final = ("replace_id", "adopt_id")
"""Fields of an endpoint with the id of a live one."""

_SHAPE: Final = "Begin it with `config:`, with `model-serving:endpoints:` under it"


def base_settings(document: Document) -> Document:
    """Our settings of base.yaml. Pulumi never sees that file, so what is not ours in it would be lost."""
    for key in _config(document):
        if key == f"{NAMESPACE}after":
            message = "an order of deployments in base.yaml would apply to every stack, and each would wait for itself"
            _report(
                document, (CONFIG, key), message, "Move it to the file of the stack that waits, Pulumi.<stack>.yaml"
            )
        if key == f"{NAMESPACE}endpoints":
            _refuse_endpoint_ids(document, key)
        if not _is_or_should_be_ours(key):
            message = f'"{key}" in base.yaml has no effect: Pulumi does not read this file'
            _report(document, (CONFIG, key), message, "Move it to the file of each stack, Pulumi.<stack>.yaml")
    return _settings(document, (CONFIG,))


def _refuse_endpoint_ids(document: Document, endpoints: str) -> None:
    """An endpoint's id belongs to one stack, and the policy pack reads each stack's own file only."""
    declared = _config(document)[endpoints]
    for key, endpoint in declared.items() if isinstance(declared, dict) else ():
        for field in _ENDPOINT_IDS if isinstance(endpoint, dict) else ():
            if field in endpoint:
                message = "the id of a live endpoint belongs to one stack, and base.yaml applies to all"
                hint = "Move it to the file of that stack, Pulumi.<stack>.yaml"
                _report(document, (CONFIG, endpoints, key, field), message, hint)


def stack_settings(document: Document) -> Document:
    """Our settings of a stack's own file."""
    return _settings(document, PULUMI_KEYS)


def _settings(document: Document, allowed: tuple[str, ...]) -> Document:
    """The settings of this project, or an unreadable document."""
    start = document.locations.get((CONFIG,), Location(document.file))
    if document.diagnostics and not document.readable:
        return document
    if not document.readable:
        _report(document, (), f"a stack file is a map; found {describe(document.data)}", _SHAPE)
        return document
    _reject_unknown_keys(document, allowed)
    config = document.data.get(CONFIG)
    if config is not None and not isinstance(config, dict):
        _report(document, (CONFIG,), f"must be a map of settings; found {describe(config)}", _SHAPE)
        return Document(document.file, None, {(): start}, document.diagnostics)
    ours = Document(document.file, {}, {(): start}, document.diagnostics)
    for key, value in _config(document).items():
        if key.startswith(NAMESPACE):
            ours.data[key.removeprefix(NAMESPACE)] = value
        elif _is_or_should_be_ours(key):
            name = key.rpartition(":")[2]
            meant = NAMESPACE + (closest(name, Stack.model_fields) or name)
            message = f'"{key}" is not in the namespace of this project, "{PROJECT}"'
            _report(document, (CONFIG, key), message, f'Did you mean "{meant}"?')
    ours.locations |= {own: location for path, location in document.locations.items() if (own := own_path(path))}
    for path in _misplaced_settings(document):
        _validate_misplaced(ours, document, path)
    return ours


def _misplaced_settings(document: Document) -> list[FieldPath]:
    """Settings in another namespace, or beside `config:`, which are reported already."""
    return [(CONFIG, key) for key in _config(document) if not key.startswith(NAMESPACE)] + [
        (key,) for key in document.data if key != CONFIG
    ]


def _validate_misplaced(ours: Document, document: Document, path: FieldPath) -> None:
    """Take a misplaced setting for the one that it should be, so that errors within it are reported too."""
    key = str(path[-1])
    name = key.rpartition(":")[2]
    if not _is_or_should_be_ours(key) or name not in Stack.model_fields or name in ours.data:
        return
    ours.data[name] = _config(document)[key] if path[0] == CONFIG else document.data[key]
    for there, location in document.locations.items():
        if there[: len(path)] == path:
            ours.locations.setdefault((name, *there[len(path) :]), location)


def _config(document: Document) -> dict[str, Any]:
    config = document.data.get(CONFIG) if document.readable else None
    return config if isinstance(config, dict) else {}


def _reject_unknown_keys(document: Document, allowed: tuple[str, ...]) -> None:
    """Report keys beside `config:` that have no meaning there."""
    for key in document.data:
        if key not in allowed:
            ours = key.startswith(NAMESPACE) or key in Stack.model_fields
            hint = "It belongs under `config:`" if ours else suggestion(key, allowed, "Known keys here")
            _report(document, (key,), f'unknown key "{key}"', hint)


def _is_or_should_be_ours(key: str) -> bool:
    """Whether a key is of this project, misspelled, or without a namespace, which Pulumi takes for the project's."""
    namespace, colon, name = key.partition(":")
    cutoff = 0.6 if name in Stack.model_fields else 0.85
    return not colon or closest(namespace, [PROJECT], cutoff=cutoff) is not None


def _report(document: Document, path: FieldPath, message: str, hint: str) -> None:
    location = document.locations.get(path, Location(document.file))
    document.diagnostics.append(Diagnostic(location, dotted(path), message, hint))
