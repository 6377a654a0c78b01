"""The way out of a misspelling: the word that was probably meant, or all that there are."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, allowed: Iterable[str], otherwise: str) -> str:
    """`Did you mean "champion"?`, or `otherwise` and every allowed word where none is close."""
    words = list(allowed)
    meant = closest(word, words)
    if meant is not None:
        return f'Did you mean "{meant}"?'
    return f"{otherwise}: {', '.join(words) or 'none'}"


def closest(word: str, allowed: Iterable[str], *, alike: float = 0.6) -> str | None:
    """The allowed word that looks most like this one, upper and lower case, - and _ being alike.

    `alike` is difflib's score, from 0 to 1; with 0.6 `entity_version` still leads to `version`.
    """
    plain = {_plain(candidate): candidate for candidate in allowed}
    found = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=alike)
    return plain[found[0]] if found else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")
