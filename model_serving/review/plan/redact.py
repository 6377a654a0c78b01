"""Redacts values while they are read: nothing after this knows a secret, so no format can leak one."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from model_serving.databricks.credential_patterns import CREDENTIAL_NAMES
from model_serving.databricks.secret_references import is_secret_reference
from model_serving.databricks.special_values import SIGNATURE_KEY, UNKNOWN_VALUES

_NEVER_SHOWN = re.compile(rf"(?i)(?:{CREDENTIAL_NAMES}|plaintext)$")
_KEY = secrets.token_bytes(16)


class Mark(Enum):
    """What replaces a value that can't be shown. The text is what people read."""

    SECRET = "[secret]"  # noqa: S105
    UNKNOWN = "known after up"


@dataclass(frozen=True)
class Hidden:
    """A plaintext value where people put secrets, such as an environment variable: only its equality is kept."""

    fingerprint: bytes = field(repr=False)


class Redactor:
    """Redacts values, and remembers the hidden texts, so that they can be removed from messages too."""

    def __init__(self) -> None:
        self.hidden_texts: set[str] = set()

    def redact(self, value: Any, name: str = "", *, within_hidden: bool = False) -> Any:
        """`value` with secrets, unknown values and possible secrets replaced, without the engine's own keys."""
        if isinstance(value, Mapping):
            if SIGNATURE_KEY in value:
                return Mark.SECRET
            inside = within_hidden or name == "environmentVars"
            return {
                key: self.redact(item, key, within_hidden=inside)
                for key, item in value.items()
                if item is not None and not key.startswith("__")
            }
        if isinstance(value, list):
            return [self.redact(item, name, within_hidden=within_hidden) for item in value]
        if not isinstance(value, str):
            return value
        return self._text(value, hide=within_hidden or bool(_NEVER_SHOWN.search(name)))

    def _text(self, value: str, *, hide: bool) -> Any:
        if value in UNKNOWN_VALUES:
            return Mark.UNKNOWN
        if value == Mark.SECRET.value:
            return Mark.SECRET
        if not hide or not value or is_secret_reference(value):
            return value
        self.hidden_texts.add(value)
        # With a key per run, so that the value can't be guessed from its fingerprint.
        return Hidden(hashlib.blake2b(value.encode(), key=_KEY, digest_size=16).digest())


def shown(value: Any) -> str:
    """A redacted value as text, for people."""
    if isinstance(value, Mark):
        return str(value.value)
    if isinstance(value, Hidden):
        return "[hidden]"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(item)}" for key, item in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
