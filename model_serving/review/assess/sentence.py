"""Names and values quoted inside a sentence, as `backticks`, so that each view can set them off in its own way."""

import re

_LIMIT = 120


def quoted(value: str, limit: int = _LIMIT) -> str:
    """A value as one quoted word of a sentence: on one line, its middle cut out where it is long."""
    text = " ".join(value.replace("`", "'").split())
    if len(text) > limit:
        text = f"{text[: limit // 2]}…{text[-(limit // 2) :]}"
    return f"`{text}`" if text else "nothing"


def parts(sentence: str) -> list[tuple[bool, str]]:
    """The sentence's parts in order, each with whether it is quoted."""
    found = re.split(r"`([^`]*)`", sentence)
    return [(n % 2 == 1, part) for n, part in enumerate(found) if part]


def unquoted(sentence: str) -> str:
    """The sentence for where nothing can be set off."""
    return sentence.replace("`", "")
