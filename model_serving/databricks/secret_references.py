"""References to a Databricks secret, `{{secrets/scope/key}}`, in a served entity's environment or a credential."""

import re
from typing import Final, NamedTuple

_PATTERN: Final = re.compile(r"\{\{secrets/([^/\s{}]+)/([^/\s{}]+)\}\}")


class ScopeAndKey(NamedTuple):
    """The secret that a reference names."""

    scope: str
    key: str


def parse_secret_reference(text: str) -> ScopeAndKey | None:
    """The secret that `text` refers to; None where it is not a reference as a whole."""
    match = _PATTERN.fullmatch(text)
    return ScopeAndKey(*match.groups()) if match else None


def is_secret_reference(text: str) -> bool:
    """Whether `text` as a whole refers to a Databricks secret."""
    return parse_secret_reference(text) is not None
