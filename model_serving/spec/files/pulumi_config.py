"""Reconcile the stack file with Pulumi's decrypted config.

The engine decrypts `{secure: v1:...}` and passes the whole configuration to the program as text, by key. It may have
read another file (`--config-file`) or other sources (an ESC environment, Pulumi.yaml). Such a difference is an error,
because endpoints come from one file.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from model_serving.spec.diagnostics import Diagnostic
from model_serving.spec.field_path import NAMESPACE, FieldPath, dotted
from model_serving.spec.files.secrets import Secret
from model_serving.spec.files.yaml_locations import Document
from model_serving.spec.vocabulary.stack import Stack

EngineConfig = Callable[[str], str | None]
"""The engine's decrypted value of a key in our namespace, as `pulumi.Config("model-serving").get` gives it."""

_DATE: Final = re.compile(r"\d{4}-\d\d?-\d\d?")
_NUMBER: Final = re.compile(r"[-+.]?\d")


class _DisagreementError(Exception):
    def __init__(self, path: FieldPath) -> None:
        self.path = path
        super().__init__(dotted(path))


def with_secrets(document: Document, engine: EngineConfig | None) -> Document:
    """The settings with a Secret for each encrypted value: the engine's text, or one that is not known without it.

    A value that differs from the engine's is an error of the document, reported once.
    """
    if engine is None or document.diagnostics:
        return replace(document, data=_unknown(document.data))
    data: dict[str, Any] = {}
    try:
        for key in [*document.data, *(key for key in Stack.model_fields if key not in document.data)]:
            written = document.data.get(key)
            value = _decrypted(written, _parsed(engine(key), written), (key,))
            if key in document.data:
                data[key] = value
    except _DisagreementError as error:
        document.diagnostics.append(_other_file(document, error.path))
        return replace(document, data=_unknown(document.data))
    return replace(document, data=data)


def without_secrets(document: Document) -> Document:
    """The settings of base.yaml, where an encrypted value is an error: each stack has its own key."""
    for path in encrypted_paths(document.data, ()):
        message = "base.yaml can't hold secrets, because each stack encrypts with its own key"
        hint = f"pulumi config set --secret --path '{NAMESPACE}{dotted(path)}' writes it into the stack's own file"
        document.diagnostics.append(Diagnostic(document.locations[path], dotted(path), message, hint))
    return replace(document, data=_unknown(document.data))


def encrypted_paths(value: Any, path: FieldPath) -> list[FieldPath]:
    """The paths of encrypted values."""
    if _ciphertext(value) is not None:
        return [path]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, child in children for found in encrypted_paths(child, (*path, key))]


def _ciphertext(value: Any) -> str | None:
    """The encrypted text of `{secure: v1:...}`, which is how Pulumi writes a secret, or None."""
    if isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str):
        return value["secure"]
    return None


def _unknown(value: Any) -> Any:
    ciphertext = _ciphertext(value)
    if ciphertext is not None:
        return Secret(ciphertext, known=False)
    if isinstance(value, dict):
        return {key: _unknown(child) for key, child in value.items()}
    return [_unknown(child) for child in value] if isinstance(value, list) else value


def _decrypted(written: Any, engine: Any, path: FieldPath) -> Any:
    if _ciphertext(written) is not None and isinstance(engine, str):
        return Secret(engine)
    if isinstance(written, dict) and isinstance(engine, dict):
        for key in sorted(engine.keys() - written.keys()):
            _decrypted(None, engine[key], (*path, key))
        return {key: _decrypted(value, engine.get(key), (*path, key)) for key, value in written.items()}
    if isinstance(written, list) and isinstance(engine, list) and len(written) == len(engine):
        return [
            _decrypted(each, other, (*path, n)) for n, (each, other) in enumerate(zip(written, engine, strict=True))
        ]
    if not _same(written, engine):
        raise _DisagreementError(path)
    return written


def _same(written: Any, engine: Any) -> bool:
    """Whether two single values are one. The engine's YAML reads dates, octal and hexadecimal where ours sees text."""
    if isinstance(written, dict | list) or isinstance(engine, dict | list):
        return False
    if isinstance(written, bool) or isinstance(engine, bool) or written is None or engine is None:
        return written is engine or (written is None and engine == "")
    if isinstance(written, str) and isinstance(engine, str):
        return written == engine or bool(_DATE.match(written))
    if isinstance(written, str):
        return bool(_NUMBER.match(written)) and not isinstance(engine, str)
    return bool(written == engine or float(written) == engine)


def _parsed(text: str | None, written: Any) -> Any:
    """The engine gives maps and lists as JSON, a single value as its text."""
    if text is None or _ciphertext(written) is not None:
        return text
    if isinstance(written, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _other_file(document: Document, path: FieldPath) -> Diagnostic:
    """The error without either value: one of them may be secret."""
    location = next(
        document.locations[path[:end]] for end in range(len(path), -1, -1) if path[:end] in document.locations
    )
    message = "Pulumi's value differs from this file, which alone declares what is deployed"
    hint = "Run without --config-file, and keep these settings out of Pulumi.yaml and ESC environments"
    return Diagnostic(location, dotted(path), message, hint)
