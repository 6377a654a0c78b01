"""A hash of the secrets that a state holds, without decrypting them."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_serving.databricks.special_values import SIGNATURE_KEY

_ENCRYPTED: Final = "ciphertext"


def state_secrets(export: Mapping[str, Any]) -> str:
    """The hash of every ciphertext in an exported state; empty where there is none.

    A value that a resource outputs, such as an OAuth secret, can be an input of another one and change without a file.
    Ciphertexts have a random nonce, so nothing can be guessed from them. Pulumi (3.220) encrypts with new nonces
    whenever it writes a state: the hash differs after any write, also of the same values.
    """
    resources = (export.get("deployment") or {}).get("resources") or ()
    ciphertexts = [
        [each["urn"], *ciphertext]
        for each in resources
        if each.get("custom")
        for ciphertext in _ciphertexts(each.get("outputs"), "")
    ]
    return hashlib.sha256(json.dumps(sorted(ciphertexts)).encode()).hexdigest() if ciphertexts else ""


def _ciphertexts(value: Any, path: str) -> Iterator[list[str]]:
    if isinstance(value, Mapping):
        if SIGNATURE_KEY in value:
            yield [path, str(value.get(_ENCRYPTED) or "")]
            return
        for name, item in value.items():
            yield from _ciphertexts(item, f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _ciphertexts(item, f"{path}[{number}]")
