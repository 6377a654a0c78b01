"""Hints for unknown words: the closest allowed word, or all of them."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, allowed: Iterable[str], otherwise: str) -> str:
    """`Did you mean "champion"?`, or `otherwise` and every allowed word where none is close."""
    words = list(allowed)
    meant = closest(word, words)
    if meant is not None:
        return f'Did you mean "{meant}"?'
    return f"{otherwise}: {', '.join(words) or 'none'}"


def closest(word: str, allowed: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The allowed word that is closest to this one, without regard to case and to - or _.

    `cutoff` is the least score of difflib, from 0 to 1; with 0.6 `entity_version` still leads to `version`.
    """
    candidates = {_normalized(candidate): candidate for candidate in allowed}
    matches = difflib.get_close_matches(_normalized(word), candidates, n=1, cutoff=cutoff)
    return candidates[matches[0]] if matches else None


def _normalized(word: str) -> str:
    return word.lower().replace("-", "_")
