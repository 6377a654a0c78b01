"""Removes a resource's secrets from what rules say about it.

The engine passes secrets to policies in plaintext, and rules decide on them. Everybody who reads a review sees their
messages, and the author of a change chooses the field that a secret of the stack file stands in.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from model_serving.databricks.special_values import SECRET_SIGNATURE, SIGNATURE_KEY
from model_serving.policies.pack.rule import Violation

MASK: Final = "[secret]"
_SHORTEST: Final = 4
"""Shorter texts occur in any message by chance."""
_BEGINNING: Final = 12
"""Rules cut long values: a beginning of so many characters is removed, too."""


def secret_texts(value: Any, *, is_secret: bool = False) -> Iterator[str]:
    """The texts in inputs in Pulumi's wire format that are marked as secret."""
    if isinstance(value, Mapping):
        inside = is_secret or value.get(SIGNATURE_KEY) == SECRET_SIGNATURE
        for name, item in value.items():
            if name != SIGNATURE_KEY:
                yield from secret_texts(item, is_secret=inside)
    elif isinstance(value, list):
        for item in value:
            yield from secret_texts(item, is_secret=is_secret)
    elif is_secret and isinstance(value, str) and len(value) >= _SHORTEST:
        yield value


def without_secrets(violation: Violation, secrets: Iterable[str]) -> Violation:
    """The violation with a mask in place of each of these texts, and of their beginnings."""
    longest_first = sorted(set(secrets), key=len, reverse=True)
    if not longest_first:
        return violation
    fixes = tuple(_masked(each, longest_first) for each in violation.fixes)
    return replace(violation, message=_masked(violation.message, longest_first), fixes=fixes)


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        shortest = min(len(secret), _BEGINNING)
        while (start := text.find(secret[:shortest])) >= 0:
            end = shortest
            while end < len(secret) and text[start : start + end + 1] == secret[: end + 1]:
                end += 1
            text = text[:start] + MASK + text[start + end :]
            if secret[:shortest] in MASK:
                break
    return text
