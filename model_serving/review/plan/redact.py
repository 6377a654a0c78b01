"""Values as the engine tells them, made safe to show before anything else sees them.

What must not be shown is replaced here, while it is read: nothing after this knows a secret, so no format can leak one.
"""

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
    """What stands in a value's place. The text is what people read."""

    SECRET = "[secret]"  # noqa: S105
    UNKNOWN = "known after up"


@dataclass(frozen=True)
class Hidden:
    """A plain value in a place where people put secrets, such as an environment variable.

    Two of them are equal where the values are; the value itself is gone.
    """

    fingerprint: bytes = field(repr=False)


def hidden(text: str) -> Hidden:
    """The value's stand-in. Its fingerprint differs from run to run, so that nothing can be guessed from it."""
    return Hidden(hashlib.blake2b(text.encode(), key=_KEY, digest_size=16).digest())


class Reader:
    """Makes values safe, and remembers the texts that it hid, so that they can be taken out of messages too."""

    def __init__(self) -> None:
        self.hidden_texts: set[str] = set()

    def settle(self, value: Any, name: str = "", *, within_hidden: bool = False) -> Any:
        """`value` with secrets, unknowns and values that may be secrets replaced; the engine's own keys left out."""
        if isinstance(value, Mapping):
            if SIGNATURE_KEY in value:
                return Mark.SECRET
            inside = within_hidden or name == "environmentVars"
            return {
                key: self.settle(item, key, within_hidden=inside)
                for key, item in value.items()
                if item is not None and not key.startswith("__")
            }
        if isinstance(value, list):
            return [self.settle(item, name, within_hidden=within_hidden) for item in value]
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
        return hidden(value)


def shown(value: Any) -> str:
    """A settled value as text, for people."""
    if isinstance(value, Mark):
        return str(value.value)
    if isinstance(value, Hidden):
        return "[hidden]"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(item)}" for key, item in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
