"""Sentences whose names and values are set apart, so that each format can display them in its own way."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

_LIMIT = 120


@dataclass(frozen=True)
class Quoted:
    """A name or a value inside a sentence."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Sentence:
    """Plain words and quoted values in order. As a string it has no marks around the values."""

    parts: tuple[str | Quoted, ...] = ()

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    def __bool__(self) -> bool:
        return bool(self.parts)


Part: TypeAlias = str | Quoted | Sentence


def sentence(*parts: Part) -> Sentence:
    """The parts as one sentence. Empty texts and sentences are left out."""
    flat: list[str | Quoted] = []
    for part in parts:
        flat += part.parts if isinstance(part, Sentence) else [part] if part else []
    return Sentence(tuple(flat))


def joined(parts: Iterable[Part], separator: str = ", ") -> Sentence:
    """The parts with a separator between them."""
    return sentence(*(piece for n, part in enumerate(parts) for piece in ((separator, part) if n else (part,))))


def quoted(value: str, limit: int = _LIMIT) -> Part:
    """A value inside a sentence: on one line, its middle cut out if it is long; `nothing` if it is empty."""
    text = " ".join(value.split())
    if len(text) > limit:
        text = f"{text[: limit // 2]}…{text[-(limit // 2) :]}"
    return Quoted(text) if text else "nothing"
